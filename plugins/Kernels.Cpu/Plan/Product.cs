using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Rows of one matrix of a <see cref="ProductStage"/>: where the results go, and what is done to them: bias, factor, residual, soft cap.</summary>
internal sealed unsafe class Product(LinearKernel kernel, ValueBuffer output)
{
    // A block and the activations that meet it should fit the first-level cache; for a few rows there is nothing to keep, and larger blocks are fewer.
    private const long ManyBytes = 16 << 10;
    private const long FewBytes = 96 << 10;

    /// <summary>Weight rows of the largest block.</summary>
    public const int MaxBlockRows = 256;

    /// <summary>The matrix.</summary>
    public LinearKernel Kernel { get; } = kernel;

    /// <summary>Where the results go.</summary>
    public ValueBuffer Output { get; } = output;

    /// <summary>The matrix's first row that is multiplied; as many follow as the output is wide.</summary>
    public int FirstRow { get; init; }

    /// <summary>The part of the input that is multiplied.</summary>
    public int Part { get; init; }

    /// <summary>Added to the products, or null.</summary>
    public float* Bias { get; init; }

    /// <summary>Multiplies the sums.</summary>
    public float Factor { get; init; } = 1;

    /// <summary>Added to them then, or null.</summary>
    public ValueBuffer? Residual { get; init; }

    /// <summary>Caps them at last; 0: not.</summary>
    public float Cap { get; init; }

    /// <summary>Whether the cap is computed with the library's function.</summary>
    public bool Exact { get; init; }

    /// <summary>The number of rows.</summary>
    public int Rows => Output.Width;

    /// <summary>Where the kernel's form of the activations starts in a prepared row.</summary>
    public long Form { get; set; }

    /// <summary>Weight rows of a block, few or many batch rows.</summary>
    public int BlockRows(bool few) => few ? _few : _many;

    /// <summary>Blocks of the matrix.</summary>
    public int Blocks(bool few) => (Rows + BlockRows(few) - 1) / BlockRows(few);

    private int _few, _many;

    /// <summary>Chooses the block sizes.</summary>
    public void Divide(long stageRows, int lanes)
    {
        _few = BlockSize(Kernel, stageRows, lanes, few: true);
        _many = BlockSize(Kernel, stageRows, lanes, few: false);
    }

    /// <summary>A block size, a multiple of 8, so that every lane gets several of the stage's blocks.</summary>
    public static int BlockSize(LinearKernel kernel, long stageRows, int lanes, bool few) =>
        (int)Math.Clamp(Math.Min(stageRows / (lanes * 8L), (few ? FewBytes : ManyBytes) / kernel.WorkingRowBytes), 8, MaxBlockRows) & ~7;

    /// <summary>Computes a block for all batch rows.</summary>
    public void Run(int firstRow, int rowCount, Lane lane, byte* activations, long stride, int batchRows)
    {
        Kernel.Begin(FirstRow + firstRow, rowCount, lane.Block);
        activations += Form;
        if (Bias == null && Factor == 1 && Residual is null && Cap == 0)
        {
            Kernel.Multiply(FirstRow + firstRow, rowCount, lane.Block, activations, stride, batchRows, Output.Data + firstRow, Output.Stride);
            return;
        }
        for (int first = 0; first < batchRows; first += Lane.PartialRows)
        {
            int rows = Math.Min(Lane.PartialRows, batchRows - first);
            Kernel.Multiply(FirstRow + firstRow, rowCount, lane.Block, activations + first * stride, stride, rows, lane.Partial, rowCount);
            for (int row = 0; row < rows; row++)
                Finish(lane.Partial + (long)row * rowCount, first + row, firstRow, rowCount);
        }
    }

    private void Finish(float* products, int row, int firstRow, int rowCount)
    {
        if (Bias != null)
            Sum.Row(products, Bias + firstRow, products, rowCount);
        if (Factor != 1)
            Sum.Scale(products, Factor, products, rowCount);
        if (Residual is not null)
            Sum.Row(products, Residual.Row(row) + firstRow, products, rowCount);
        if (Cap != 0)
            SoftCap.Run(products, rowCount, Cap, Exact);
        Buffer.MemoryCopy(products, Output.Row(row) + firstRow, (long)rowCount * sizeof(float), (long)rowCount * sizeof(float));
    }
}
