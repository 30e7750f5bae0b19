using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The prepared activation rows of a matrix product's input, in every form that its weights ask for: each row is made and prepared once. A row may be cut into equal parts that are prepared each by itself.</summary>
internal sealed unsafe class ActivationRows
{
    private readonly RowSource _source;
    private readonly Preparation[] _forms;
    private readonly long[] _offsets;
    private readonly int _floatForm, _parts;
    private readonly long _partStride;

    /// <summary>Lays out a prepared row.</summary>
    public ActivationRows(RowSource source, IEnumerable<LinearKernel> kernels, int parts = 1)
    {
        _source = source;
        _parts = parts;
        List<Preparation> forms = [];
        foreach (LinearKernel kernel in kernels)
            if (!forms.Exists(f => f.IsSameAs(kernel.Preparation)))
                forms.Add(kernel.Preparation);
        _forms = [.. forms];
        _offsets = new long[_forms.Length];
        _floatForm = parts > 1 ? -1 : Array.FindIndex(_forms, f => f.IsFloats);
        for (int i = 0; i < _forms.Length; i++)
        {
            _offsets[i] = _partStride;
            _partStride += (_forms[i].Bytes(source.Width / parts) + 63L) & ~63L;
        }
    }

    /// <summary>Bytes of a prepared row in all forms.</summary>
    public long Stride => _partStride * _parts;

    /// <summary>Where a kernel's form of a part stands in a prepared row.</summary>
    public long OffsetOf(LinearKernel kernel, int part = 0) => part * _partStride + _offsets[Array.FindIndex(_forms, f => f.IsSameAs(kernel.Preparation))];

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
        int columns = _source.Width / _parts;
        for (int part = 0; part < _parts; part++, x += columns, destination += _partStride)
            for (int i = 0; i < _forms.Length; i++)
                _forms[i].Prepare(x, columns, destination + _offsets[i]);
    }

    /// <summary>Whether panels can be made of a source that stands by features.</summary>
    public bool TakesFeatures => _source.TakesFeatures && Array.TrueForAll(_forms, f => f.TakesFeatures);

    /// <summary>Makes a panel of a source that stands by features, in all forms.</summary>
    /// <param name="panel">The panel's number.</param>
    /// <param name="features">How values stand.</param>
    /// <param name="panels">All panels.</param>
    /// <param name="room">A panel of floats.</param>
    public void PackFeatures(int panel, FeatureMajor features, byte* panels, float* room)
    {
        float* x = _source.Panel(panel, features, room);
        int width = features.WidthOf(panel), columns = _source.Width / _parts;
        long partBytes = PanelOffset(_forms.Length, features.Width);
        panels += panel * PanelBytes(features.Width);
        for (int part = 0; part < _parts; part++, x += (long)columns * width, panels += partBytes)
            for (int i = 0; i < _forms.Length; i++)
                _forms[i].PackFeatures(x, columns, width, features.Count(panel), panels + PanelOffset(i, features.Width));
    }

    /// <summary>Bytes of an interleaved panel of up to so many rows, in all forms that tiles read, part after part.</summary>
    public long PanelBytes(int width) => PanelOffset(_forms.Length, width) * _parts;

    /// <summary>Where a kernel's form of a part stands in a panel.</summary>
    public long PanelOffsetOf(LinearKernel kernel, int width, int part = 0) =>
        part * PanelOffset(_forms.Length, width) + PanelOffset(Array.FindIndex(_forms, f => f.IsSameAs(kernel.Preparation)), width);

    /// <summary>Interleaves a slice of the columns of prepared rows.</summary>
    /// <param name="prepared">The rows.</param>
    /// <param name="rows">Their number.</param>
    /// <param name="panels">A panel for each <paramref name="width"/> rows begun.</param>
    /// <param name="width">Rows of a panel.</param>
    /// <param name="slice">The slice's number.</param>
    /// <param name="slices">The number of slices.</param>
    public void Pack(byte* prepared, int rows, byte* panels, int width, int slice, int slices)
    {
        int columns = _source.Width / _parts;
        long partBytes = PanelOffset(_forms.Length, width);
        for (int first = 0; first < rows; first += width)
        {
            int count = Math.Min(width, rows - first);
            for (int part = 0; part < _parts; part++, panels += partBytes)
                for (int i = 0; i < _forms.Length; i++)
                    _forms[i].Pack(prepared + first * Stride + part * _partStride + _offsets[i], Stride, count, columns, panels + PanelOffset(i, width), TileKernel.WidthOf(count, width), slice, slices);
        }
    }

    private long PanelOffset(int form, int width)
    {
        long offset = 0;
        for (int i = 0; i < form; i++)
            offset += (_forms[i].PanelBytes(_source.Width / _parts, width) + 63) & ~63L;
        return offset;
    }
}
