using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The prepared activation rows of a matrix product's input, in every form that its weights ask for: each row is made and prepared once.</summary>
internal sealed unsafe class ActivationRows
{
    private readonly RowSource _source;
    private readonly Preparation[] _forms;
    private readonly long[] _offsets;
    private readonly int _floatForm;

    /// <summary>Lays out a prepared row.</summary>
    public ActivationRows(RowSource source, IEnumerable<LinearKernel> kernels)
    {
        _source = source;
        List<Preparation> forms = [];
        foreach (LinearKernel kernel in kernels)
            if (!forms.Exists(f => f.IsSameAs(kernel.Preparation)))
                forms.Add(kernel.Preparation);
        _forms = [.. forms];
        _offsets = new long[_forms.Length];
        _floatForm = Array.FindIndex(_forms, f => f.IsSameAs(Preparation.Float32));
        for (int i = 0; i < _forms.Length; i++)
        {
            _offsets[i] = Stride;
            Stride += (_forms[i].Bytes(source.Width) + 63L) & ~63L;
        }
    }

    /// <summary>Bytes of a prepared row in all forms.</summary>
    public long Stride { get; }

    /// <summary>Where a kernel's form stands in a prepared row.</summary>
    public long OffsetOf(LinearKernel kernel) => _offsets[Array.FindIndex(_forms, f => f.IsSameAs(kernel.Preparation))];

    /// <summary>Makes and prepares a row.</summary>
    /// <param name="row">The batch's row.</param>
    /// <param name="destination"><see cref="Stride"/> bytes.</param>
    /// <param name="scratch">A row of floats.</param>
    public void Prepare(int row, byte* destination, float* scratch)
    {
        float* x = _source.InPlace(row);
        if (x == null)
        {
            x = _floatForm >= 0 ? (float*)(destination + _offsets[_floatForm]) : scratch;
            _source.Fill(row, x);
        }
        for (int i = 0; i < _forms.Length; i++)
            _forms[i].Prepare(x, _source.Width, destination + _offsets[i]);
    }

    /// <summary>Bytes of an interleaved panel of up to so many rows, in all forms that tiles read.</summary>
    public long PanelBytes(int width) => PanelOffset(_forms.Length, width);

    /// <summary>Where a kernel's form stands in a panel.</summary>
    public long PanelOffsetOf(LinearKernel kernel, int width) => PanelOffset(Array.FindIndex(_forms, f => f.IsSameAs(kernel.Preparation)), width);

    /// <summary>Interleaves a part of the columns of prepared rows.</summary>
    /// <param name="prepared">The rows.</param>
    /// <param name="rows">Their number.</param>
    /// <param name="panels">A panel for each <paramref name="width"/> rows begun.</param>
    /// <param name="width">Rows of a panel.</param>
    /// <param name="part">The part's number.</param>
    /// <param name="parts">The number of parts.</param>
    public void Pack(byte* prepared, int rows, byte* panels, int width, int part, int parts)
    {
        long panelBytes = PanelBytes(width);
        for (int first = 0; first < rows; first += width, panels += panelBytes)
        {
            int count = Math.Min(width, rows - first);
            for (int i = 0; i < _forms.Length; i++)
                _forms[i].Pack(prepared + first * Stride + _offsets[i], Stride, count, _source.Width, panels + PanelOffset(i, width), TileKernel.WidthOf(count, width), part, parts);
        }
    }

    private long PanelOffset(int form, int width)
    {
        long offset = 0;
        for (int i = 0; i < form; i++)
            offset += (_forms[i].PanelBytes(_source.Width, width) + 63) & ~63L;
        return offset;
    }
}
