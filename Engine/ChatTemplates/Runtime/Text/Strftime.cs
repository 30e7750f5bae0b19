using System.Globalization;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>C's strftime in the C locale.</summary>
internal static class Strftime
{
    public static string Format(RenderState state, string format)
    {
        StringBuilder result = new();
        for (int i = 0; i < format.Length; i++)
        {
            string part = format[i].ToString();
            if (format[i] == '%' && i + 1 < format.Length)
            {
                i++;
                bool noPadding = format[i] == '-' && i + 1 < format.Length;
                if (noPadding)
                    i++;
                part = Field(state.Now, format[i]) ?? Failure.Throw<string>($"strftime_now: unknown field '%{format[i]}'");
                if (noPadding && part.TrimStart('0', ' ') is { Length: > 0 } trimmed)
                    part = trimmed;
                else if (noPadding)
                    part = "0";
            }

            state.Budget.Chars(result.Length + part.Length);
            result.Append(part);
        }

        return result.ToString();
    }

    private static string? Field(DateTime t, char field) => field switch
    {
        'Y' => Number(t.Year, 4),
        'C' => Number(t.Year / 100, 2),
        'y' => Number(t.Year % 100, 2),
        'm' => Number(t.Month, 2),
        'd' => Number(t.Day, 2),
        'e' => Number(t.Day, 1).PadLeft(2),
        'H' => Number(t.Hour, 2),
        'k' => Number(t.Hour, 1).PadLeft(2),
        'I' => Number(Hour12(t), 2),
        'l' => Number(Hour12(t), 1).PadLeft(2),
        'M' => Number(t.Minute, 2),
        'S' => Number(t.Second, 2),
        'f' => Number(t.Ticks % TimeSpan.TicksPerSecond / 10, 6),
        'j' => Number(t.DayOfYear, 3),
        'p' => t.Hour < 12 ? "AM" : "PM",
        'P' => t.Hour < 12 ? "am" : "pm",
        'a' => Written(t, "ddd"),
        'A' => Written(t, "dddd"),
        'b' or 'h' => Written(t, "MMM"),
        'B' => Written(t, "MMMM"),
        'u' => Number(t.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)t.DayOfWeek, 1),
        'w' => Number((int)t.DayOfWeek, 1),
        'U' => Number((t.DayOfYear + 6 - (int)t.DayOfWeek) / 7, 2),
        'W' => Number((t.DayOfYear + 6 - (((int)t.DayOfWeek + 6) % 7)) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(t), 2),
        'G' => Number(ISOWeek.GetYear(t), 4),
        'g' => Number(ISOWeek.GetYear(t) % 100, 2),
        'D' or 'x' => Written(t, "MM'/'dd'/'yy"),
        'F' => Written(t, "yyyy'-'MM'-'dd"),
        'T' or 'X' => Written(t, "HH':'mm':'ss"),
        'R' => Written(t, "HH':'mm"),
        'r' => Written(t, "hh':'mm':'ss ") + Field(t, 'p'),
        'c' => Written(t, "ddd MMM ") + Field(t, 'e') + Written(t, " HH':'mm':'ss yyyy"),
        's' => Number(new DateTimeOffset(t, TimeSpan.Zero).ToUnixTimeSeconds(), 1),
        // A local time without a zone, as Python's datetime.now() is.
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static int Hour12(DateTime t) => t.Hour % 12 == 0 ? 12 : t.Hour % 12;

    private static string Number(long value, int width) => value.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');

    private static string Written(DateTime t, string format) => t.ToString(format, CultureInfo.InvariantCulture);
}
