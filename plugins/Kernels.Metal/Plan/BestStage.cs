using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>The best tokens of the rows that want them, found where their logits are.</summary>
internal sealed unsafe class BestStage : Stage
{
    /// <summary>The most that a row may want.</summary>
    public const int MaxBest = 64;

    /// <summary>Threads of a threadgroup, as the kernels have it.</summary>
    public const int Threads = 256;

    /// <summary>Logits that a threadgroup takes, as the kernels have it.</summary>
    public const int Part = 16 * Threads;

    private readonly Pipeline _parts, _whole;
    private readonly DeviceBuffer _logits, _kept, _tokens, _found;
    private readonly TopArguments _arguments;

    /// <summary>Takes the memory for the most rows.</summary>
    public BestStage(DeviceBuffer logits, int vocabulary, RuntimeLimits limits, Scratch scratch, MetalDevice device)
    {
        string text = KernelText.Of("choice");
        (_parts, _whole) = (device.Pipelines.Get(text, "choose_parts"), device.Pipelines.Get(text, "choose"));
        _logits = logits;
        _arguments = new TopArguments { Width = (uint)vocabulary, Count = MaxBest, Parts = (uint)((vocabulary - 1) / Part + 1) };
        long places = checked((long)limits.MaxOutputs * MaxBest), kept = checked(places * _arguments.Parts);
        _kept = scratch.Take(kept * sizeof(float), isShared: false);
        _tokens = scratch.Take(kept * sizeof(int), isShared: false);
        _found = scratch.Take(places * sizeof(BestToken), isShared: true);
    }

    /// <summary>A row's best tokens.</summary>
    public ReadOnlySpan<BestToken> Of(int output, int wanted)
    {
        ReadOnlySpan<BestToken> found = new((BestToken*)_found.Contents + (long)output * MaxBest, wanted);
        int count = 0;
        while (count < wanted && float.IsFinite(found[count].Logit))
            count++;
        return found[..count];
    }

    public override void Encode(Commands commands, Step step)
    {
        if (step.BestRows == 0)
            return;
        commands.Use(_parts).Bind(0, _logits.At(0)).Bind(1, step.BestNumbers).Bind(2, step.BestCounts).Bind(3, _kept.At(0)).Bind(4, _tokens.At(0)).Bind(5, _arguments).Run(_arguments.Parts, step.BestRows, 1, Threads);
        commands.Use(_whole).Bind(0, _kept.At(0)).Bind(1, _tokens.At(0)).Bind(2, step.BestCounts).Bind(3, _found.At(0)).Bind(4, _arguments).Run(step.BestRows, 1, 1, Threads);
    }
}
