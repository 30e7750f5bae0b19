namespace Tessera.Quant.Ggml.Tests;

internal static class Types
{
    public static GgmlType Get(string id) => GgmlTypes.All().Single(type => type.Id == id);

    public static TheoryData<string> Ids => [.. GgmlTypes.All().Select(type => type.Id)];

    public static TheoryData<string> QuantizableIds => [.. GgmlTypes.All().Where(type => type is IQuantizer).Select(type => type.Id)];

    public static TheoryData<string> AffineIds => [.. GgmlTypes.All().Where(type => type is IAffineUnpack).Select(type => type.Id)];
}
