using Microsoft.Extensions.DependencyInjection;
using Tessera.Quant.Common;

namespace Tessera.Quant.Numbers;

/// <summary>Plain numbers that no other plugin has: long floats, whole numbers, truth values, and floats that stand as the transposed matrix.</summary>
public sealed class QuantNumbersPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        IQuantization[] types =
        [
            new NumberType<double>("f64"),
            new NumberType<sbyte>("i8"), new NumberType<short>("i16"), new NumberType<int>("i32"), new NumberType<long>("i64"),
            new NumberType<byte>("u8"), new NumberType<ushort>("u16"), new NumberType<uint>("u32"), new NumberType<ulong>("u64"),
            new TruthType(),
            new TransposedFloats("f32_transposed", FloatType.F32), new TransposedFloats("f16_transposed", FloatType.F16), new TransposedFloats("bf16_transposed", FloatType.BF16),
        ];
        foreach (IQuantization type in types)
            services.AddSingleton(type);
    }
}
