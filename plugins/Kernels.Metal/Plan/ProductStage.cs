using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>The kernels of a matrix: products with few rows by number of rows, and with many by tiles where the plan may use half tiles.</summary>
internal sealed class ProductKernels
{
    /// <summary>From so many rows on tiles are used.</summary>
    public const int TileFrom = 9;

    /// <summary>Threadgroup memory of a tile.</summary>
    public const int TileBytes = 8192;

    /// <summary>Finds the kernels of a type.</summary>
    public ProductKernels(MetalDevice device, string type, bool tiles)
    {
        string text = KernelText.OfType(type, device.HasMatrices);
        Rows = KernelText.RowsOf(type);
        ByInputs = [Get("matvec_1"), Get("matvec_2"), Get("matvec_4"), Get("matvec_8")];
        Experts = Get("matvec_experts");
        Embed = Get("embed");
        Tile = tiles && device.HasMatrices ? Get("matmul") : null;
        TileExperts = tiles && device.HasMatrices ? Get("matmul_experts") : null;

        Pipeline Get(string kernel) => device.Pipelines.Get(text, kernel);
    }

    /// <summary>Outputs of a simdgroup.</summary>
    public int Rows { get; }

    /// <summary>For at most 1, 2, 4 and 8 rows of activations.</summary>
    public Pipeline[] ByInputs { get; }

    /// <summary>With the matrix that each row chose.</summary>
    public Pipeline Experts { get; }

    /// <summary>Rows by number.</summary>
    public Pipeline Embed { get; }

    /// <summary>The tiled product, or null.</summary>
    public Pipeline? Tile { get; }

    /// <summary>The tiled product with the matrices that rows chose, or null.</summary>
    public Pipeline? TileExperts { get; }

    /// <summary>Encodes a product whose buffers and arguments are bound.</summary>
    /// <param name="commands">Takes it.</param>
    /// <param name="arguments">Its sizes.</param>
    /// <param name="heads">How many matrices there are, each for its own part of the columns.</param>
    public void Run(Commands commands, ProductArguments arguments, int heads = 1)
    {
        if (Tile is not null && arguments.Inputs >= TileFrom)
        {
            commands.Use(Tile).Memory(0, TileBytes).Run((arguments.Rows + 63) / 64, (arguments.Inputs + 31) / 32, heads, 128);
            return;
        }
        int size = arguments.Inputs switch { 1 => 0, 2 => 1, <= 4 => 2, _ => 3 };
        commands.Use(ByInputs[size]).Run(Threadgroups(arguments.Rows), (arguments.Inputs + (1u << size) - 1) >> size, heads, 64);
    }

    /// <summary>Threadgroups of two simdgroups for so many outputs.</summary>
    public long Threadgroups(uint rows) => (rows + 2 * Rows - 1) / (2 * Rows);
}

/// <summary>output = (W · x + bias) · factor + residual, capped.</summary>
internal sealed class ProductStage(ProductKernels kernels, BufferRange weight, DeviceValue input, BufferRange bias, DeviceValue? residual, DeviceValue output, RowSet set, ProductArguments arguments, int heads = 1) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        int rows = step.RowsOf(set);
        if (rows == 0)
            return;
        ProductArguments own = arguments;
        own.Inputs = (uint)rows;
        // A kernel's buffers are bound whether it reads them or not.
        commands.Bind(0, weight).Bind(1, input.Range).Bind(2, bias).Bind(3, (residual ?? input).Range).Bind(4, output.Range).Bind(5, own);
        kernels.Run(commands, own, heads);
    }
}
