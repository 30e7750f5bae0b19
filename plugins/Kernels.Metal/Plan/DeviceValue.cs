using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>A value's rows of floats on the device; where they stand is known once the whole plan is.</summary>
/// <param name="width">Floats of a row.</param>
/// <param name="firstStage">The stage that writes it.</param>
internal sealed class DeviceValue(int width, int firstStage)
{
    private BufferRange? _range;

    /// <summary>Floats of a row.</summary>
    public int Width { get; } = width;

    /// <summary>The stage that writes it.</summary>
    public int FirstStage { get; } = firstStage;

    /// <summary>The last stage that touches it.</summary>
    public int LastStage { get; set; } = firstStage;

    /// <summary>Its first row.</summary>
    public BufferRange Range => _range ?? throw new InvalidOperationException("the value has no place yet");

    /// <summary>Gives it its place.</summary>
    public void Place(BufferRange range) => _range = range;

    /// <summary>A row.</summary>
    public BufferRange Row(int row) => Range.Plus((long)row * Width * sizeof(float));
}
