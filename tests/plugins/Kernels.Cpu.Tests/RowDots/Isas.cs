using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

/// <summary>Every instruction set of this processor that a kernel may be chosen for, by name.</summary>
internal static class Isas
{
    private static readonly CpuIsa Here = CpuIsa.Detect();

    public static Dictionary<string, CpuIsa> All { get; } = new[]
    {
        ("scalar", CpuIsa.Scalar),
        ("vector128", new CpuIsa(Avx2: false, AvxVnni: false, Avx512: false, Vector128: true)),
        ("avx2", new CpuIsa(Avx2: true, AvxVnni: false, Avx512: false)),
        ("avx2-vnni", new CpuIsa(Avx2: true, AvxVnni: true, Avx512: false)),
        ("avx512", new CpuIsa(Avx2: true, AvxVnni: false, Avx512: true)),
        ("avx512-vbmi", new CpuIsa(Avx2: true, AvxVnni: false, Avx512: true, Avx512Vbmi: true)),
        ("avx512-vnni", new CpuIsa(Avx2: true, AvxVnni: true, Avx512: true, Avx512Vbmi: true)),
    }.Where(set => IsHere(set.Item2)).ToDictionary(set => set.Item1, set => set.Item2);

    private static bool IsHere(CpuIsa isa) =>
        (Here.Avx2 || !isa.Avx2) && (Here.AvxVnni || !isa.AvxVnni) && (Here.Avx512 || !isa.Avx512) && (Here.Avx512Vbmi || !isa.Avx512Vbmi) && (Here.Vector128 || !isa.Vector128);

    public static TheoryData<string> Names => [.. All.Keys];

    public static TheoryData<string, string> Kernels
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string quantization in RowDotTable.Quantizations)
                foreach (string isa in All.Keys)
                    data.Add(quantization, isa);
            return data;
        }
    }
}
