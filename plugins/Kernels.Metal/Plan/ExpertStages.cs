using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Which experts each row takes, and with what weights.</summary>
internal sealed class ChoiceStage(Pipeline pipeline, DeviceValue router, BufferRange bias, DeviceValue scores, DeviceValue chosen, DeviceValue weights, ChoiceArguments arguments) : Stage
{
    public override void Encode(Commands commands, Step step) =>
        commands.Use(pipeline).Bind(0, router.Range).Bind(1, bias).Bind(2, scores.Range).Bind(3, chosen.Range).Bind(4, weights.Range).Bind(5, step.Count).Bind(6, arguments)
            .Run((step.Rows + 31) / 32, 1, 1, 32);
}

/// <summary>The products of a mixture by expert, where there are enough of them for tiles.</summary>
internal sealed class ExpertList
{
    /// <summary>Tiles are used from so many products of an expert on, on average.</summary>
    private const int TileFrom = 4;

    private const int TileRows = 32, Threads = 256;
    private readonly Pipeline _pipeline;
    private readonly DeviceBuffer _room, _list, _tiles;
    private readonly ChoiceArguments _arguments;

    /// <summary>Takes the memory for the most rows.</summary>
    public ExpertList(Pipeline pipeline, ChoiceArguments arguments, RuntimeLimits limits, Scratch scratch)
    {
        (_pipeline, _arguments) = (pipeline, arguments);
        long products = (long)limits.MaxRows * arguments.Used;
        _room = scratch.Take((long)arguments.Experts * sizeof(int), false);
        _list = scratch.Take(products * sizeof(int), false);
        _tiles = scratch.Take((1 + 3 * (products / TileRows + Math.Min(products, arguments.Experts))) * sizeof(int), false);
    }

    /// <summary>The products, sorted by expert.</summary>
    public BufferRange Products => _list.At(0);

    /// <summary>The tiles.</summary>
    public BufferRange Tiles => _tiles.At(0);

    /// <summary>The most tiles that a step's products make; 0: they are too few.</summary>
    public long MostTiles(Step step)
    {
        long products = (long)step.Rows * _arguments.Used;
        return products < TileFrom * (long)_arguments.Experts ? 0 : products / TileRows + Math.Min(products, _arguments.Experts);
    }

    /// <summary>Sorts a step's products.</summary>
    public void Encode(Commands commands, Step step, DeviceValue chosen)
    {
        if (MostTiles(step) > 0)
            commands.Use(_pipeline).Bind(0, chosen.Range).Bind(1, step.Count).Bind(2, _room.At(0)).Bind(3, _list.At(0)).Bind(4, _tiles.At(0)).Bind(5, _arguments).Run(1, 1, 1, Threads);
    }
}

/// <summary>Sorts the products of a mixture.</summary>
internal sealed class ExpertListStage(ExpertList list, DeviceValue chosen) : Stage
{
    public override void Encode(Commands commands, Step step) => list.Encode(commands, step, chosen);
}

/// <summary>A product with the matrices of the experts that each row chose.</summary>
internal sealed class ExpertProductStage(ProductKernels kernels, BufferRange weight, DeviceValue input, BufferRange bias, DeviceValue chosen, ExpertList? list, DeviceValue output, ProductArguments arguments) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        commands.Bind(0, weight).Bind(1, input.Range).Bind(2, bias).Bind(4, output.Range).Bind(5, arguments);
        if (list is not null && list.MostTiles(step) is > 0 and long tiles)
            commands.Use(kernels.TileExperts!).Bind(3, list.Products).Bind(6, list.Tiles).Memory(0, ProductKernels.TileBytes).Run((arguments.Rows + 63) / 64, tiles, 1, 128);
        else
            commands.Use(kernels.Experts).Bind(3, chosen.Range).Run(kernels.Threadgroups(arguments.Rows), (long)step.Rows * arguments.Used, 1, 64);
    }
}
