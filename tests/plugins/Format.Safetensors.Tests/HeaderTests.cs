using System.Text;
using Tessera.Abstractions;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Rules of the header beyond those that the fixtures break.</summary>
public sealed class HeaderTests
{
    [Theory]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{},"__metadata__":{}}""", 4, "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807,3],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}""", 4, "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "data_offsets")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "half a character")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}{}""", 4, "JSON")]
    [InlineData("""{"a":[1]}""", 0, "object")]
    [InlineData("""{"a":null}""", 0, "object")]
    [InlineData("""{"a":{"dtype":"F6_E2M3","shape":[3],"data_offsets":[0,2]}}""", 2, "whole bytes")]
    public void A_broken_rule_is_named(string header, int data, string named)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read(SafetensorsWriter.ToBytes(header, new byte[data])));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("'w.safetensors'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F4", 6, 3)]
    [InlineData("F6_E3M2", 4, 3)]
    [InlineData("F8_E8M0", 3, 3)]
    [InlineData("F8_E4M3FNUZ", 2, 2)]
    [InlineData("F8_E5M2FNUZ", 2, 2)]
    [InlineData("C64", 2, 16)]
    public void Types_that_few_files_have_are_read(string type, int count, int bytes) =>
        Read(new SafetensorsWriter().Add("a", type, [count], new byte[bytes]).ToBytes());

    [Fact]
    public void A_name_with_escapes_and_one_without_are_the_same()
    {
        byte[] file = SafetensorsWriter.ToBytes("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", new byte[2]);
        Assert.Contains("'a'", Assert.Throws<ModelFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_holds_no_control_character_and_no_long_name()
    {
        byte[] file = SafetensorsWriter.ToBytes("{\"x\\u0007\\n" + new string('y', 5000) + "\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", new byte[4]);
        string message = Assert.Throws<ModelFormatException>(() => Read(file)).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(Encoding.UTF8.GetByteCount(message), 1, 1000);
    }

    [Fact]
    public void A_message_holds_no_long_shape()
    {
        string shape = string.Join(',', Enumerable.Repeat(1, 100_000));
        byte[] file = SafetensorsWriter.ToBytes($$$"""{"a":{"dtype":"F32","shape":[{{{shape}}}],"data_offsets":[0,8]}}""", new byte[8]);
        string message = Assert.Throws<ModelFormatException>(() => Read(file)).Message;
        Assert.Contains("100000 dimensions", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 1000);
    }

    private static void Read(byte[] file)
    {
        using TestModelFiles files = new(("w.safetensors", file));
        SafetensorsFile.Read(files.TryOpen("w.safetensors")!);
    }
}
