namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>A number for each code point, 0 unless set: pages of 128, of which the empty ones are one.</summary>
internal sealed class PointTable
{
    private const int PageBits = 7;
    private readonly ushort[] _pages = new ushort[0x110000 >> PageBits];
    private int[] _values = new int[1 << PageBits];

    public int this[int point] => _values[_pages[point >> PageBits] << PageBits | point & ((1 << PageBits) - 1)];

    public void Set(int point, int value)
    {
        ref ushort page = ref _pages[point >> PageBits];
        if (page == 0)
        {
            page = (ushort)(_values.Length >> PageBits);
            Array.Resize(ref _values, _values.Length + (1 << PageBits));
        }
        _values[page << PageBits | point & ((1 << PageBits) - 1)] = value;
    }
}
