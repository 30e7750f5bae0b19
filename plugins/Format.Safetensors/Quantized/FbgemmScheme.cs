namespace Tessera.Format.Safetensors.Quantized;

/// <summary>8-bit floats with a scale for each row in <c>.weight_scale</c>.</summary>
internal sealed class FbgemmScheme : IQuantizedScheme
{
    public string Name => "fbgemm_fp8";

    public IReadOnlyList<string> Markers => [".weight_scale"];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "fbgemm_fp8";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        module.Take(".input_scale_ub");
        return Fp8Weight.Of(Name, module, module.Need(".weight_scale"), null);
    }
}
