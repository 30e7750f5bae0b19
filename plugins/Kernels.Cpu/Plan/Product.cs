using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>One matrix of a <see cref="ProductStage"/>: where its results go, and what is added to them.</summary>
internal sealed unsafe class Product(LinearKernel kernel, float* bias, ValueBuffer? residual, ValueBuffer output)
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

    /// <summary>Where the kernel's form of the activations starts in a prepared row.</summary>
    public long Form { get; set; }

    /// <summary>Weight rows of a block, few or many batch rows.</summary>
    public int BlockRows(bool few) => few ? _few : _many;

    /// <summary>Blocks of the matrix.</summary>
    public int Blocks(bool few) => (Kernel.Rows + BlockRows(few) - 1) / BlockRows(few);

    private int _few, _many;

    /// <summary>Chooses the block sizes, multiples of 8, so that every lane gets several of the stage's blocks.</summary>
    public void Divide(long stageRows, int lanes)
    {
        long even = stageRows / (lanes * 8L);
        _few = Size(Math.Min(even, FewBytes / Kernel.WorkingRowBytes));
        _many = Size(Math.Min(even, ManyBytes / Kernel.WorkingRowBytes));

        static int Size(long rows) => (int)Math.Clamp(rows, 8, MaxBlockRows) & ~7;
    }

    /// <summary>Computes a block for all batch rows.</summary>
    public void Run(int firstRow, int rowCount, Lane lane, byte* activations, long stride, int batchRows)
    {
        Kernel.Begin(firstRow, rowCount, lane.Block);
        activations += Form;
        if (bias == null && residual is null)
        {
            Kernel.Multiply(firstRow, rowCount, lane.Block, activations, stride, batchRows, Output.Data + firstRow, Output.Stride);
            return;
        }
        for (int first = 0; first < batchRows; first += Lane.PartialRows)
        {
            int rows = Math.Min(Lane.PartialRows, batchRows - first);
            Kernel.Multiply(firstRow, rowCount, lane.Block, activations + first * stride, stride, rows, lane.Partial, rowCount);
            for (int row = 0; row < rows; row++)
                Finish(lane.Partial + (long)row * rowCount, first + row, firstRow, rowCount);
        }
    }

    private void Finish(float* products, int row, int firstRow, int rowCount)
    {
        if (bias != null)
            Sum.Row(products, bias + firstRow, products, rowCount);
        if (residual is not null)
            Sum.Row(products, residual.Row(row) + firstRow, products, rowCount);
        Buffer.MemoryCopy(products, Output.Row(row) + firstRow, (long)rowCount * sizeof(float), (long)rowCount * sizeof(float));
    }
}
