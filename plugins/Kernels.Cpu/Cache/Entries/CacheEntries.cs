namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Writes entries into a tile and reads a tile as floats, whatever its elements are.</summary>
internal static unsafe class CacheEntries
{
    /// <summary>Writes one head's key and value as an entry of a tile.</summary>
    /// <param name="layout">The tile's layout.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="entry">The entry's number in the tile.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>False where a half that was written is not finite.</returns>
    public static bool Write(CacheLayout layout, byte* tile, int entry, float* key, float* value)
    {
        byte* values = tile + layout.ValueOffset;
        (int keyLength, int valueLength, int row) = (layout.Spec.KeyLength, layout.Spec.ValueLength, entry * layout.ValueStride);
        switch (layout.Type)
        {
            case KvType.F16:
                return HalfEntries.Write((ushort*)tile + entry, (ushort*)values + row, key, keyLength, value, valueLength);
            case KvType.BF16:
                BrainEntries.Write((ushort*)tile + entry, (ushort*)values + row, key, keyLength, value, valueLength);
                break;
            case KvType.Q8:
                ByteEntries.WriteKey((sbyte*)tile + entry, (Half*)(tile + layout.KeyScaleOffset) + entry, key, keyLength);
                ByteEntries.WriteValue((sbyte*)values + row, (Half*)(tile + layout.ValueScaleOffset) + entry * layout.ValueGroups, value, valueLength);
                break;
            default:
                FloatEntries.Write((float*)tile + entry, (float*)values + row, key, keyLength, value, valueLength);
                break;
        }
        return true;
    }

    /// <summary>Writes one head's value alone as an entry of a tile.</summary>
    /// <returns>False where a half that was written is not finite.</returns>
    public static bool WriteValue(CacheLayout layout, byte* tile, int entry, float* value)
    {
        byte* values = tile + layout.ValueOffset;
        (int length, int row) = (layout.Spec.ValueLength, entry * layout.ValueStride);
        switch (layout.Type)
        {
            case KvType.F16:
                return HalfEntries.Write(null, (ushort*)values + row, null, 0, value, length);
            case KvType.BF16:
                BrainEntries.Write(null, (ushort*)values + row, null, 0, value, length);
                break;
            case KvType.Q8:
                ByteEntries.WriteValue((sbyte*)values + row, (Half*)(tile + layout.ValueScaleOffset) + entry * layout.ValueGroups, value, length);
                break;
            default:
                FloatEntries.Write(null, (float*)values + row, null, 0, value, length);
                break;
        }
        return true;
    }

    /// <summary>A tile's keys as floats.</summary>
    /// <param name="layout">The tile's layout.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="room">Room for them.</param>
    /// <param name="finite">Whether all halves are finite.</param>
    /// <param name="native">Widens halves, or null.</param>
    /// <returns>The room, or the tile itself.</returns>
    public static float* Keys(CacheLayout layout, byte* tile, float* room, bool finite = false, NativeHalves? native = null)
    {
        int length = layout.Spec.KeyLength;
        switch (layout.Type)
        {
            case KvType.F16:
                Halves((ushort*)tile, length * Ops.AttentionTile.Entries, room, finite, native);
                return room;
            case KvType.BF16:
                BrainEntries.Read((ushort*)tile, length * Ops.AttentionTile.Entries, room);
                return room;
            case KvType.Q8:
                ByteEntries.ReadKeys((sbyte*)tile, (ushort*)(tile + layout.KeyScaleOffset), length, room);
                return room;
            default:
                return (float*)tile;
        }
    }

    /// <summary>The values of a tile's first entries as floats.</summary>
    /// <param name="layout">The tile's layout.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="room">Room for them.</param>
    /// <param name="finite">Whether all halves are finite.</param>
    /// <param name="native">Widens halves, or null.</param>
    /// <returns>The room, or the tile's own.</returns>
    public static float* Values(CacheLayout layout, byte* tile, int entries, float* room, bool finite = false, NativeHalves? native = null)
    {
        byte* values = tile + layout.ValueOffset;
        switch (layout.Type)
        {
            case KvType.F16:
                Halves((ushort*)values, entries * layout.ValueStride, room, finite, native);
                return room;
            case KvType.BF16:
                BrainEntries.Read((ushort*)values, entries * layout.ValueStride, room);
                return room;
            case KvType.Q8:
                ByteEntries.ReadValues((sbyte*)values, (ushort*)(tile + layout.ValueScaleOffset), layout.ValueGroups, layout.ValueStride, entries, room);
                return room;
            default:
                return (float*)values;
        }
    }

    private static void Halves(ushort* source, int count, float* room, bool finite, NativeHalves? native)
    {
        if (native is not null)
            native.Widen(source, count, room);
        else if (finite)
            HalfEntries.ReadFinite(source, count, room);
        else
            HalfEntries.Read(source, count, room);
    }
}
