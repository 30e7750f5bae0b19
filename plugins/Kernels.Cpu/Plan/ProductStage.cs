namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Matrix products that share an input: the input's rows are made and prepared once, then lanes take blocks of weight rows by turns. Every result is computed whole by one lane.</summary>
internal sealed unsafe class ProductStage : Stage
{
    private readonly int _stage, _lanes, _tileWidth;
    private readonly ActivationRows _input;
    private readonly RowSource _source;
    private readonly Product[] _products;
    private readonly RowSet _set;

    /// <summary>Plans the stage.</summary>
    /// <param name="stage">The stage's number.</param>
    /// <param name="input">The input.</param>
    /// <param name="products">The matrices.</param>
    /// <param name="set">The rows that are computed.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="tileWidth">Activation rows of an interleaved panel.</param>
    /// <param name="sizes">Grown to what the stage needs.</param>
    /// <param name="parts">Equal parts of the input, of which each product takes one.</param>
    public ProductStage(int stage, RowSource input, IReadOnlyList<Product> products, RowSet set, int lanes, int tileWidth, LaneSizes sizes, int parts = 1)
    {
        _stage = stage;
        _lanes = lanes;
        _tileWidth = tileWidth;
        _products = [.. products];
        _set = set;
        _source = input;
        _input = new ActivationRows(input, products.Select(p => p.Kernel), parts);
        long rows = products.Sum(p => (long)p.Rows);
        foreach (Product product in products)
        {
            product.Form = _input.OffsetOf(product.Kernel, product.Part);
            product.PanelForm = _input.PanelOffsetOf(product.Kernel, tileWidth, product.Part);
            product.Divide(rows, lanes, sizes);
        }
        sizes.Row = Math.Max(sizes.Row, input.Width);
        sizes.Prepared = Math.Max(sizes.Prepared, _input.Stride);
    }

    /// <summary>Room for the prepared rows of a batch, shared by all product stages; set when the plan's memory is.</summary>
    public byte* Prepared { get; set; }

    /// <summary>Bytes of <see cref="Prepared"/> for a number of rows.</summary>
    public long PreparedBytes(int rows) => _input.Stride * rows;

    /// <summary>Room for the interleaved panels of a batch, shared like <see cref="Prepared"/>.</summary>
    public byte* Panels { get; set; }

    /// <summary>Bytes of <see cref="Panels"/> for a number of rows.</summary>
    public long PanelBytes(int rows) => _tileWidth == 0 ? 0 : _input.PanelBytes(_tileWidth) * ((rows + _tileWidth - 1) / _tileWidth);

    /// <summary>The rows that are computed.</summary>
    public RowSet Set => _set;

    public override ItemCounters Counters => ItemCounters.Parts;

    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures
    {
        get
        {
            foreach (IReadOnlyList<ValueBuffer> read in _set == RowSet.Logits ? _source.FillsFrom : [])
                yield return read;
            if (_set != RowSet.All || Array.Exists(_products, p => p.Kernel.Tile is null))
                yield break;
            if (_input.TakesFeatures)
                yield return _source.Reads;
            // What is read by rows as the input cannot be read by features as a residual.
            foreach (Product product in _products)
                if (product.CanBeByFeatures && (_input.TakesFeatures || !_source.Reads.Contains(product.Residual)))
                    yield return product.Residual is null ? [product.Output] : [product.Output, product.Residual];
        }
    }

    // The head only brings rows together.
    public override int LeastRowsByFeatures => _set == RowSet.All ? _products.Max(p => p.Kernel.LeastRowsByTiles) : 0;

    public override int RoomByFeatures => InputCanBeByFeatures ? _source.Width : 0;

    private bool InputCanBeByFeatures => _set == RowSet.All && _input.TakesFeatures && _source.Reads[0].Whole.Features is not null;

    private bool InputIsByFeatures => _set == RowSet.All && _source.Reads[0].IsByFeatures;

    public override void Run(Lane lane, Step step)
    {
        int rows = step.Count(_set);
        if (rows == 0)
            return;
        bool byFeatures = InputIsByFeatures;
        byte* prepared = byFeatures ? Prepared : PrepareRows(lane, step, rows);
        int total = 0;
        bool tiles = false;
        foreach (Product product in _products)
        {
            RowPath path = product.Path(rows);
            total += product.Blocks(path);
            tiles |= path == RowPath.Tiles;
        }
        if (byFeatures)
            PackFeatures(lane);
        else if (tiles)
        {
            _input.Pack(prepared, rows, Panels, _tileWidth, lane.Index, _lanes);
            lane.Team.Barrier();
        }
        for (int block = step.NextOfPart(_stage, lane.Index, total); block < total; block = step.NextOfPart(_stage, lane.Index, total))
        {
            int index = block, p = 0;
            while (index >= _products[p].Blocks(_products[p].Path(rows)))
                index -= _products[p].Blocks(_products[p++].Path(rows));
            Product product = _products[p];
            RowPath path = product.Path(rows);
            int first = index * product.BlockRows(path), count = Math.Min(product.BlockRows(path), product.Rows - first);
            if (product.Output.IsByFeatures)
                product.RunByFeatures(first, count, lane, Panels, _input.PanelBytes(_tileWidth));
            else if (path == RowPath.Tiles)
                product.RunTiles(first, count, lane, Panels, _input.PanelBytes(_tileWidth), _tileWidth, rows);
            else
                product.Run(first, count, lane, prepared, _input.Stride, rows);
        }
    }

    private void PackFeatures(Lane lane)
    {
        FeatureMajor features = _source.Reads[0].Whole.Features!;
        (int first, int end) = lane.Share(features.Panels);
        for (int panel = first; panel < end; panel++)
            _input.PackFeatures(panel, features, Panels, lane.Panel);
        lane.Team.Barrier();
    }

    private byte* PrepareRows(Lane lane, Step step, int rows)
    {
        bool own = rows <= Lane.OwnRows;
        byte* prepared = own ? lane.Prepared : Prepared;
        (int first, int end) = own ? (0, rows) : lane.Share(rows);
        for (int row = first; row < end; row++)
            _input.Prepare(_set == RowSet.Logits ? step.LogitRow[row] : row, prepared + row * _input.Stride, lane.Row);
        if (!own)
            lane.Team.Barrier();
        return prepared;
    }
}
