using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>A tensor that no file holds, all zero at first, of the type, the parameters and the columns of another one. There is room before and behind it: what reads it is another's code.</summary>
internal sealed unsafe class MadeUpTensor : IModelFile
{
    private const int Room = 4096;

    // Pinned: it is handed over as a pointer. The tensor holds it by its part.
    private readonly byte[] _memory;
    private readonly int _groupBytes;

    public MadeUpTensor(WeightTensor like, int rows, int groupBytes)
    {
        _groupBytes = groupBytes;
        Groups = checked((int)(rows * like.Columns / GroupLayout.Elements));
        Length = (long)Groups * groupBytes;
        _memory = GC.AllocateArray<byte>(checked((int)Length + 2 * Room), pinned: true);
        Tensor = new WeightTensor
        {
            Name = like.Name,
            StoredName = like.StoredName,
            Shape = [rows, like.Columns],
            Quantization = like.Quantization,
            Parameters = like.Parameters,
            Parts = [new WeightPart(like.Parts[0].Name, this, 0, Length)],
        };
    }

    /// <inheritdoc/>
    public string Name => Tensor.Name;

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public byte* Data => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + Room;

    /// <summary>What plugins get to see.</summary>
    public WeightTensor Tensor { get; }

    /// <summary>Its groups.</summary>
    public int Groups { get; }

    /// <summary>All of its bytes.</summary>
    public Span<byte> Bytes => _memory.AsSpan(Room, (int)Length);

    /// <summary>A group's bytes.</summary>
    public Span<byte> Group(int group) => Bytes.Slice(group * _groupBytes, _groupBytes);
}
