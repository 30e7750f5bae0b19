using System.Globalization;
using System.Numerics;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's numbers: bool and integers of any size (long where it fits, else BigInteger), and floats.</summary>
internal static class Numbers
{
    // Some 4,900 digits: above what Python prints, and cheap enough to multiply at every step.
    private const long MaxBits = 16384;

    // Python reads no longer ones.
    public const int MaxDigits = 4300;

    public static bool Is(object? value) => value is long or double or bool or BigInteger;

    public static bool IsInteger(object? value) => value is long or bool or BigInteger;

    public static BigInteger ToBig(object value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => (BigInteger)value,
    };

    public static double ToDouble(object value)
    {
        if (value is double number)
            return number;
        double result = value is long small ? small : (double)ToBig(value);
        return double.IsInfinity(result) ? Failure.Throw<double>("int too large to convert to float") : result;
    }

    /// <summary>The integer in its smallest form.</summary>
    public static object Normal(BigInteger value)
    {
        if (value.GetBitLength() > MaxBits)
            Failure.Limit($"an integer has more than {MaxBits} bits");
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    public static bool AreEqual(object left, object right) =>
        !(left is double.NaN || right is double.NaN) && Compare(left, right) == 0;

    /// <summary>The exact order; a NaN is above everything here, and the callers treat it apart.</summary>
    public static int Compare(object left, object right)
    {
        if (left is long a && right is long b)
            return a.CompareTo(b);
        if (left is double x && right is double y)
            return x == y ? 0 : x < y ? -1 : 1;
        if (left is double l)
            return -Compare(right, l);
        if (right is not double r)
            return ToBig(left).CompareTo(ToBig(right));
        if (double.IsNaN(r))
            return 1;
        if (double.IsInfinity(r))
            return r > 0 ? -1 : 1;
        int order = ToBig(left).CompareTo(new BigInteger(Math.Floor(r)));
        return order == 0 && r != Math.Floor(r) ? -1 : order;
    }

    public static object Add(object left, object right) =>
        left is double || right is double ? ToDouble(left) + ToDouble(right) : Normal(ToBig(left) + ToBig(right));

    public static object Subtract(object left, object right) =>
        left is double || right is double ? ToDouble(left) - ToDouble(right) : Normal(ToBig(left) - ToBig(right));

    public static object Multiply(Budget budget, object left, object right)
    {
        if (left is double || right is double)
            return ToDouble(left) * ToDouble(right);
        (BigInteger a, BigInteger b) = (ToBig(left), ToBig(right));
        Charge(budget, a.GetByteCount(), b.GetByteCount());
        return Normal(a * b);
    }

    public static object Divide(object left, object right)
    {
        double divisor = ToDouble(right);
        return divisor == 0 ? Failure.Throw<object>("division by zero") : ToDouble(left) / divisor;
    }

    public static object FloorDivide(Budget budget, object left, object right)
    {
        if (left is double || right is double)
        {
            (double x, double y) = (ToDouble(left), ToDouble(right));
            double rest = (double)Modulo(budget, x, y);
            double quotient = (x - rest) / y;
            double floor = Math.Floor(quotient);
            return quotient - floor > 0.5 ? floor + 1 : floor;
        }

        (BigInteger a, BigInteger b) = (ToBig(left), ToBig(right));
        if (b.IsZero)
            Failure.Throw("integer division or modulo by zero");
        Charge(budget, a.GetByteCount(), b.GetByteCount());
        BigInteger result = BigInteger.DivRem(a, b, out BigInteger remainder);
        return Normal(!remainder.IsZero && remainder.Sign != b.Sign ? result - 1 : result);
    }

    public static object Modulo(Budget budget, object left, object right)
    {
        if (left is double || right is double)
        {
            (double x, double y) = (ToDouble(left), ToDouble(right));
            if (y == 0)
                Failure.Throw("float modulo by zero");
            double rest = x % y;
            if (rest == 0)
                return Math.CopySign(0.0, y);
            return rest < 0 != y < 0 ? rest + y : rest;
        }

        (BigInteger a, BigInteger b) = (ToBig(left), ToBig(right));
        if (b.IsZero)
            Failure.Throw("integer division or modulo by zero");
        Charge(budget, a.GetByteCount(), b.GetByteCount());
        BigInteger remainder = a % b;
        return Normal(!remainder.IsZero && remainder.Sign != b.Sign ? remainder + b : remainder);
    }

    public static object Power(Budget budget, object left, object right)
    {
        if (left is double || right is double || ToBig(right).Sign < 0)
        {
            (double x, double y) = (ToDouble(left), ToDouble(right));
            if (x == 0 && y < 0)
                Failure.Throw("0.0 cannot be raised to a negative power");
            if (x < 0 && double.IsFinite(x) && double.IsFinite(y) && y != Math.Floor(y))
                Failure.Throw("a negative number raised to a fraction is complex, which is not supported");
            double power = Math.Pow(x, y);
            return double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y) ? Failure.Throw<object>("float power: result too large") : power;
        }

        (BigInteger a, BigInteger b) = (ToBig(left), ToBig(right));
        if (a.IsZero || a.IsOne || b.IsZero)
            return b.IsZero ? 1L : Normal(a);
        if (a == BigInteger.MinusOne)
            return b.IsEven ? 1L : -1L;
        if (b > MaxBits || (a.GetBitLength() - 1) * (long)b > MaxBits)
            Failure.Limit($"an integer power has more than {MaxBits} bits");
        long bytes = a.GetByteCount() * (long)b;
        Charge(budget, bytes, bytes);
        return Normal(BigInteger.Pow(a, (int)b));
    }

    // Products and quotients take the time of all pairs of their digits.
    private static void Charge(Budget budget, long left, long right) => budget.Steps((left + right) / 32 + left * right / 512);

    public static object Negate(object value) => value is double number ? -number : Normal(-ToBig(value));

    /// <summary>A float's whole part as an integer, as int() does.</summary>
    public static object? Truncate(double value) => double.IsFinite(value) ? Normal(new BigInteger(value)) : null;

    /// <summary>Python's round(x, digits) of a float: halves of the exact value go to even.</summary>
    public static double Round(double value, long digits)
    {
        if (!double.IsFinite(value) || digits > 323)
            return value;
        if (digits < -308)
            return Math.CopySign(0, value);
        if (digits >= 0)
            return double.Parse(value.ToString("F" + digits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        double scale = Math.Pow(10, -digits);
        return Math.Round(value / scale, MidpointRounding.ToEven) * scale;
    }
}
