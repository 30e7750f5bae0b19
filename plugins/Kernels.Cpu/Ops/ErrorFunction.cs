namespace Tessera.Kernels.Cpu.Ops;

/// <summary>The complement of the error function in double precision.</summary>
internal static class ErrorFunction
{
    /// <summary>1 − erf(x): its power series near 0, its continued fraction elsewhere (Abramowitz and Stegun, 7.1.5 and 7.1.14).</summary>
    public static double Complement(double x)
    {
        if (double.IsNaN(x))
            return x;
        double magnitude = Math.Abs(x);
        if (magnitude < 2)
        {
            double power = x, sum = x;
            for (int n = 1; n < 40; n++)
            {
                power *= -x * x / n;
                sum += power / (2 * n + 1);
            }
            return 1 - sum * 2 / Math.Sqrt(Math.PI);
        }
        double fraction = magnitude;
        for (int n = 60; n > 0; n--)
            fraction = magnitude + n / 2.0 / fraction;
        double tail = Math.Exp(-magnitude * magnitude) / (fraction * Math.Sqrt(Math.PI));
        return x > 0 ? tail : 2 - tail;
    }
}
