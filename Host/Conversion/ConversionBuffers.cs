namespace Tessera.Host.Conversion;

/// <summary>One lane's memory: it grows to the largest chunk that the lane has met.</summary>
internal sealed class ConversionBuffers
{
    private float[] _values = [], _row = [];
    private byte[] _bytes = [];

    /// <summary>Room for so many values.</summary>
    public float[] Values(int count) => Grown(ref _values, count);

    /// <summary>Room for one row of a source.</summary>
    public float[] Row(int count) => Grown(ref _row, count);

    /// <summary>Room for so many bytes.</summary>
    public byte[] Bytes(int count) => Grown(ref _bytes, count);

    private static T[] Grown<T>(ref T[] array, int count) => array.Length >= count ? array : array = new T[count];
}
