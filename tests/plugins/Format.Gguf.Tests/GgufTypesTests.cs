using System.Text.Json;

namespace Tessera.Format.Gguf.Tests;

public sealed class GgufTypesTests
{
    [Fact]
    public void Every_type_of_the_fixtures_has_its_name_and_size()
    {
        string path = Shared.Require("fixtures", "quantization", "index.json");
        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(path));
        int count = 0;
        foreach (JsonElement type in index.RootElement.GetProperty("types").EnumerateArray())
        {
            string name = type.GetProperty("ggml_name").GetString()!.ToLowerInvariant();
            OpensWith(type.GetProperty("type_id").GetUInt32(), name, type.GetProperty("block_size").GetInt32(), type.GetProperty("type_size").GetInt32());
            count++;
        }
        Assert.Equal(29, count);
    }

    [Theory]
    [InlineData(0u, "f32", 1, 4)]
    [InlineData(1u, "f16", 1, 2)]
    [InlineData(12u, "q4_k", 256, 144)]
    [InlineData(14u, "q6_k", 256, 210)]
    [InlineData(24u, "i8", 1, 1)]
    [InlineData(25u, "i16", 1, 2)]
    [InlineData(26u, "i32", 1, 4)]
    [InlineData(27u, "i64", 1, 8)]
    [InlineData(28u, "f64", 1, 8)]
    [InlineData(30u, "bf16", 1, 2)]
    public void Types_have_their_names_and_sizes(uint id, string name, int block, int bytes) => OpensWith(id, name, block, bytes);

    [Fact]
    public void All_other_type_ids_are_told_of()
    {
        int known = 0;
        for (uint id = 0; id < 100; id++)
            SmallModel.Open(new GgufWriter().Tensor("w", id, [256], new byte[2048]).ToBytes(), model =>
            {
                if (model.Warnings.Count == 0)
                    known++;
                else
                    Assert.StartsWith($"type {id} of tensor 'w' ", Assert.Single(model.Warnings), StringComparison.Ordinal);
            });
        Assert.Equal(35, known);
    }

    private static void OpensWith(uint id, string name, int block, int bytes)
    {
        byte[] file = new GgufWriter().Tensor("w", id, [3, 2 * block], new byte[3 * 2 * bytes]).ToBytes();
        SmallModel.Open(file, model =>
        {
            Assert.Equal(name, model.Tensors[0].Quantization);
            Assert.Equal(3 * 2 * bytes, model.Tensors[0].Bytes);
        });
        if (block > 1)
            SmallModel.Refuses(new GgufWriter().Tensor("w", id, [block + 1], new byte[2 * bytes]).ToBytes(), "tensor 'w'", $"multiple of {block} for type {name}");
    }
}
