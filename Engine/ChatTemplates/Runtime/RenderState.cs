using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>What one rendering carries along: its budget, its clock, its output and the line it is at.</summary>
internal sealed class RenderState
{
    public RenderState(ChatTemplateLimits limits, DateTime now, char? invisible)
    {
        Budget = new Budget(limits);
        Keys = new KeyComparer(Budget);
        Now = now;
        Random = new Random(now.Ticks.GetHashCode());
        Invisible = invisible;
    }

    public Budget Budget { get; }

    public KeyComparer Keys { get; }

    public DateTime Now { get; }

    /// <summary>Seeded by the time, so that a rendering can be repeated.</summary>
    public Random Random { get; }

    /// <summary>A mark in the input that filters must pass through as it is.</summary>
    public char? Invisible { get; }

    public int Line { get; set; } = 1;

    public StringBuilder Output { get; set; } = new();

    public void Write(string text)
    {
        Budget.Copy(text.Length);
        if (text.Length > Budget.MaxChars - Output.Length)
            Failure.Limit($"the text is longer than {Budget.MaxChars} characters (MaxOutputChars)");
        Output.Append(text);
    }
}
