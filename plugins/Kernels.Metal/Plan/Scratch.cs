using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Everything that a plan holds on the device.</summary>
internal sealed class Scratch(MetalDevice device) : IDisposable
{
    private readonly List<DeviceBuffer> _buffers = [];

    /// <summary>Bytes of all buffers that hold values, tables and copies; mapped weights are not among them.</summary>
    public long Bytes { get; private set; }

    /// <summary>A buffer of the plan's own.</summary>
    public DeviceBuffer Take(long bytes, bool isShared)
    {
        DeviceBuffer buffer = Own(device.NewBuffer(bytes, isShared));
        Bytes += buffer.Bytes;
        return buffer;
    }

    /// <summary>Takes a buffer over.</summary>
    public DeviceBuffer Own(DeviceBuffer buffer)
    {
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>Gives values their memory: those that are never alive in the same stage share it.</summary>
    public void Place(IEnumerable<DeviceValue> values, int rows)
    {
        List<(long Floats, int BusyUntil, List<DeviceValue> Values)> places = [];
        foreach (DeviceValue value in values.OrderBy(v => v.FirstStage))
        {
            int best = -1;
            for (int i = 0; i < places.Count; i++)
                if (places[i].BusyUntil < value.FirstStage && (best < 0 || Waste(places[i].Floats, value) < Waste(places[best].Floats, value)))
                    best = i;
            if (best < 0)
            {
                best = places.Count;
                places.Add((0, 0, []));
            }
            places[best].Values.Add(value);
            places[best] = (Math.Max(places[best].Floats, (long)value.Width * rows), value.LastStage, places[best].Values);
        }
        foreach ((long floats, _, List<DeviceValue> sharing) in places)
        {
            DeviceBuffer buffer = Take(floats * sizeof(float), isShared: false);
            foreach (DeviceValue value in sharing)
                value.Place(buffer.At(0));
        }

        long Waste(long floats, DeviceValue value) => Math.Abs(floats - (long)value.Width * rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _buffers)
            buffer.Dispose();
        _buffers.Clear();
    }
}
