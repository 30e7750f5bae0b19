using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Jit.Emit;
using Tessera.Kernels.Cpu.Jit.Memory;

namespace Tessera.Kernels.Cpu.Jit;

/// <summary>Kernels of the layouts that <c>kernels.cpu</c> publishes (docs/kernels-cpu-layouts.md), in machine code made for AVX-512 VNNI, and that of halves for F16C.</summary>
internal sealed class JitTileSource : ITileSource
{
    private const string GroupsPrefix = "cpu.groups.";

    /// <summary>The layouts that there is code for.</summary>
    public static IReadOnlyDictionary<string, Func<byte[]>> Layouts { get; } = All();

    /// <inheritdoc/>
    public ITile? TryGet(string layout)
    {
        bool halves = layout == HalvesCode.Layout;
        bool groups = layout.StartsWith(GroupsPrefix, StringComparison.Ordinal);
        return (halves ? Processor.HasHalves : Processor.HasVnni512 && (!groups || Avx512Vbmi.IsSupported)) && Layouts.TryGetValue(layout, out Func<byte[]>? emit) ? new CodeTile(emit(), halves ? "f16c" : "avx512_vnni") : null;
    }

    private static Dictionary<string, Func<byte[]>> All()
    {
        Dictionary<string, Func<byte[]>> all = new(StringComparer.Ordinal) { [HalvesCode.Layout] = HalvesCode.Emit };
        foreach (int width in (int[])[8, 16])
        {
            foreach (int zeroShift in (int[])[3, 4, 7])
            {
                all.Add($"cpu.group32.zero{zeroShift}.w{width}.r1", () => GroupTileCode.Emit(width, zeroShift, hasMinimum: false));
                all.Add($"cpu.group32.step{zeroShift}.w{width}.r1", () => GroupTileCode.Emit(width, zeroShift, hasMinimum: false, isStepFirst: true));
            }
            foreach (int zeroShift in (int[])[4, 7])
                all.Add($"cpu.group32.by16step{zeroShift}.w{width}.r1", () => SixteenTileCode.Emit(width, zeroShift));
            all.Add($"cpu.group32.minimum.w{width}.r1", () => GroupTileCode.Emit(width, zeroShift: 0, hasMinimum: true));
            all.Add($"cpu.super256.by32.w{width}.r1", () => SuperTileCode.Emit(width, group: 8, hasMinimums: true));
            all.Add($"cpu.super256.by16.w{width}.r1", () => SuperTileCode.Emit(width, group: 4, hasMinimums: false));
        }
        foreach (int zeroShift in (int[])[3, 4, 7])
        {
            all.Add($"cpu.group32.zero{zeroShift}.w16x2.r1", () => GroupPairCode.Emit(zeroShift, hasMinimum: false));
            all.Add($"cpu.group32.step{zeroShift}.w16x2.r1", () => GroupPairCode.Emit(zeroShift, hasMinimum: false, isStepFirst: true));
        }
        foreach (int zeroShift in (int[])[4, 7])
            all.Add($"cpu.group32.by16step{zeroShift}.w16x2.r1", () => SixteenPairCode.Emit(zeroShift));
        all.Add("cpu.group32.minimum.w16x2.r1", () => GroupPairCode.Emit(zeroShift: 0, hasMinimum: true));
        all.Add("cpu.super256.by32.w16x2.r1", () => SuperPairCode.Emit(group: 8, hasMinimums: true));
        all.Add("cpu.super256.by16.w16x2.r1", () => SuperPairCode.Emit(group: 4, hasMinimums: false));
        Rows(all, "q4_k", () => new KRowCode(hasFifthBits: false), () => new KTurnedCode(hasFifthBits: false));
        Rows(all, "q5_k", () => new KRowCode(hasFifthBits: true), () => new KTurnedCode(hasFifthBits: true));
        Rows(all, "q6_k", () => new Q6RowCode(), () => new Q6TurnedCode());
        foreach ((string type, int bits, bool hasMinimum) in ((string, int, bool)[])[("q4_0", 4, false), ("q4_1", 4, true), ("q5_0", 5, false), ("q5_1", 5, true), ("q8_0", 8, false)])
            Rows(all, type, () => new GroupRowCode(bits, hasMinimum), () => new GroupTurnedCode(bits, hasMinimum));
        foreach (int bits in (int[])[2, 3])
            all.Add($"{GroupsPrefix}b{bits}.r1", () => new EightGroupsCode(bits).Emit());
        foreach (int times in (int[])[1, 2, 4, 8])
            foreach (string type in (string[])["f32", "f16", "bf16"])
                foreach (string kind in (string[])["biases", "middle", "zeros"])
                    all.Add($"cpu.nibbles.{kind}.{type}.t{times}.r1", () => new NibbleCode(new NibbleScales(kind, type, times)).Emit());
        all.Add("cpu.nibbles.e2m1.e8m0.t1.r1", () => new NibbleCode(new NibbleScales("e2m1", "e8m0", times: 1)).Emit());
        all.Add("cpu.columns.gptq4.r3", () => new GptqColumnsCode().Emit());
        all.Add("cpu.columns.awq4.r3", () => new AwqColumnsCode().Emit());
        all.Add("cpu.factors.gptq4.r1", () => new GptqFactorsCode().Emit());
        all.Add("cpu.factors.awq4.r1", () => new AwqFactorsCode().Emit());
        return all;
    }

    private static void Rows(Dictionary<string, Func<byte[]>> all, string type, Func<RowCode> one, Func<TurnedCode> several)
    {
        all.Add($"cpu.row.{type}.r1", () => one().Emit());
        all.Add($"cpu.turned.{type}.r1", () => several().Emit());
    }
}
