using Tessera.MetalEmulator;
using Tessera.MetalEmulator.Lint;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Every text that is given to Metal's compiler is in the dialect that the linter knows.</summary>
public sealed class DialectTests
{
    public static TheoryData<string> Texts =>
    [
        .. KernelText.TypeIds, "norm", "elements", "gate", "experts", "choice", "rope", "attention", "prefill", "encoder", "pool", "copies",
    ];

    [Theory, MemberData(nameof(Texts))]
    public void A_text_has_no_findings(string name)
    {
        using EmulatorSession session = Emulator.Begin();
        string text = name switch
        {
            "rope" => KernelText.Of("turns", "rope"),
            "attention" => KernelText.Attention(64, 64, isHalf: true),
            "encoder" => KernelText.Encoder(64, 64),
            "pool" => KernelText.Pool(),
            "copies" => KernelText.Of("cache", "copies"),
            "prefill" => KernelText.Prefill(64, 64, isHalf: true, keys: 32),
            _ when KernelText.Has(name) => KernelText.OfType(name, tiles: true),
            _ => KernelText.Of(name),
        };
        Assert.Empty(DialectLinter.Check(text));
    }
}
