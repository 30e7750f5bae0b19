using System.Globalization;

namespace Tessera.Serving.Bench;

/// <summary>What the server says of its steps: how many, the seconds that they took, and those of them in which the runtime computed.</summary>
/// <param name="Steps">Steps.</param>
/// <param name="Seconds">What they took.</param>
/// <param name="Computing">The part of it in which the runtime computed.</param>
/// <param name="Scheduling">Processor time of the thread that steps, but for that.</param>
/// <param name="Drafted">Draft tokens among their rows.</param>
internal sealed record StepCounts(double Steps, double Seconds, double Computing, double Scheduling, double Drafted)
{
    public static StepCounts operator -(StepCounts a, StepCounts b) => new(a.Steps - b.Steps, a.Seconds - b.Seconds, a.Computing - b.Computing, a.Scheduling - b.Scheduling, a.Drafted - b.Drafted);

    /// <summary>Asks the server.</summary>
    public static StepCounts Of(HttpClient client)
    {
        using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Get, "/metrics"));
        using StreamReader reader = new(answer.Content.ReadAsStream());
        string[] lines = reader.ReadToEnd().Split('\n');
        return new(Sum("tessera_steps_total"), Sum("tessera_step_seconds_sum"), Sum("tessera_computing_seconds_total"), Sum("tessera_scheduling_seconds_total"), Sum("tessera_spec_drafted_tokens_total"));

        double Sum(string name) => lines.Where(l => l.StartsWith(name + "{", StringComparison.Ordinal)).Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
