using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Units of 32 columns of a weight that is stored as the transposed matrix, times their activations: the layouts <c>cpu.columns</c>. A run of rows is multiplied together; the next 32 columns are asked for meanwhile.</summary>
/// <remarks>
/// The argument, a strip, stays on the stack and says where the unit is: words rdi, stride rsi, rows edx, quants rcx. rax, r10 and r11 are a run's scales, negated minimums and sums; r8 is three strides.
/// </remarks>
internal abstract class ColumnsCode : VectorCode
{
    /// <summary>Bytes of a word.</summary>
    protected const int WordBytes = 4;

    /// <summary>Lines whose places are a multiple of the stride away by address alone.</summary>
    protected const int Together = 4;

    // Columns of a unit.
    private const int Columns = 32;

    // Vectors that stay.
    private const int Step = 28, Sum = 29, Low = 30, High = 31;

    // Where the strip has what.
    private const int WordsAt = 0, StrideAt = 8, QuantsAt = 16, StepsAt = 24, ActivationSumsAt = 32, SumsAt = 40, LaneAt = 48, ScalesAt = 56, MinimumsAt = 64, NextAt = 72, RowsAt = 80, UnitsAt = 84;

    /// <summary>Lines of a unit.</summary>
    protected abstract int UnitLines { get; }

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label next = C.CreateLabel(), done = C.CreateLabel();
        C.cmp(__dword_ptr[rdi + RowsAt], 0);
        C.jle(done);
        C.cmp(__dword_ptr[rdi + UnitsAt], 0);
        C.jle(done);
        Push();
        C.push(rdi);
        C.vmovdqu32(Z[Low], Constant(_ => 0x0F));
        C.vmovdqu32(Z[High], Constant(_ => 0xF0));
        C.Label(ref next);
        Begin();
        Multiply();
        End(next);
        C.pop(rdi);
        Pop();
        C.Label(ref done);
        C.vzeroupper();
        C.ret();
        return Assemble();
    }

    /// <summary>Multiplies all runs; rows are there.</summary>
    protected abstract void Multiply();

    /// <summary>One of four lines that begin at an address.</summary>
    protected static AssemblerMemoryOperand Line(AssemblerRegister64 first, int line, int offset) => line switch
    {
        0 => __[first + offset],
        1 => __[first + rsi + offset],
        2 => __[first + rsi * 2 + offset],
        _ => __[first + r8 + offset],
    };

    /// <summary>Where the next unit's lines begin, to a register: behind those of this one, or where the strip says so. Uses r12.</summary>
    protected void Next(AssemblerRegister64 to)
    {
        C.mov(r12, __qword_ptr[rsp]);
        C.imul(to, rsi, UnitLines);
        C.add(to, rdi);
        C.cmp(__dword_ptr[r12 + UnitsAt], 1);
        C.cmove(to, __qword_ptr[r12 + NextAt]);
    }

    /// <summary>Asks for a line of memory.</summary>
    protected void Ask(AssemblerMemoryOperand line) => C.prefetcht0(line);

    /// <summary>Adds the products of low nibbles and activations.</summary>
    protected void AddLow(int to, int bytes, int quants, int temporary) => AddMasked(to, bytes, quants, Low, temporary);

    /// <summary>Adds sixteen times the products of high nibbles and activations.</summary>
    protected void AddHigh(int to, int bytes, int quants, int temporary) => AddMasked(to, bytes, quants, High, temporary);

    /// <summary>What sixteen times some products come to.</summary>
    protected void Sixteenth(int products) => C.vpsrad(Z[products], Z[products], 4);

    /// <summary>Adds a vector of products to the sums of a run's rows.</summary>
    /// <param name="dots">The products.</param>
    /// <param name="vector">The vector's number within the run.</param>
    /// <param name="temporary">A free register.</param>
    protected void AddToSums(int dots, int vector, int temporary)
    {
        int at = vector * VectorBytes;
        C.vcvtdq2ps(Z[dots], Z[dots]);
        C.vmulps(Z[temporary], Z[Step], __zmmword_ptr[rax + at]);
        C.vfmadd213ps(Z[dots], Z[temporary], __zmmword_ptr[r11 + at]);
        C.vfmadd231ps(Z[dots], Z[Sum], __zmmword_ptr[r10 + at]);
        C.vmovups(__zmmword_ptr[r11 + at], Z[dots]);
    }

    /// <summary>Goes on to the next run of so many vectors.</summary>
    protected void NextSums(int vectors)
    {
        C.add(rax, vectors * VectorBytes);
        C.add(r10, vectors * VectorBytes);
        C.add(r11, vectors * VectorBytes);
    }

    // Reads the unit's places.
    private void Begin()
    {
        C.mov(rbx, __qword_ptr[rsp]);
        C.mov(rdi, __qword_ptr[rbx + StepsAt]);
        C.vbroadcastss(Z[Step], __dword_ptr[rdi]);
        C.mov(rdi, __qword_ptr[rbx + ActivationSumsAt]);
        C.vbroadcastss(Z[Sum], __dword_ptr[rdi]);
        C.mov(rdi, __qword_ptr[rbx + WordsAt]);
        C.mov(rsi, __qword_ptr[rbx + StrideAt]);
        C.mov(rcx, __qword_ptr[rbx + QuantsAt]);
        C.mov(r11, __qword_ptr[rbx + SumsAt]);
        C.mov(rax, __qword_ptr[rbx + ScalesAt]);
        C.mov(r10, __qword_ptr[rbx + MinimumsAt]);
        C.mov(edx, __dword_ptr[rbx + RowsAt]);
        C.lea(r8, __[rsi + rsi * 2]);
    }

    // Writes those of the next one, if there is one.
    private void End(Label next)
    {
        C.mov(rbx, __qword_ptr[rsp]);
        C.imul(rax, __qword_ptr[rbx + StrideAt], UnitLines);
        C.add(__qword_ptr[rbx + WordsAt], rax);
        C.mov(rax, __qword_ptr[rbx + LaneAt]);
        C.add(__qword_ptr[rbx + SumsAt], rax);
        C.add(__qword_ptr[rbx + QuantsAt], Columns);
        C.add(__qword_ptr[rbx + StepsAt], sizeof(float));
        C.add(__qword_ptr[rbx + ActivationSumsAt], sizeof(float));
        C.dec(__dword_ptr[rbx + UnitsAt]);
        C.jg(next);
    }

    private void AddMasked(int to, int bytes, int quants, int mask, int temporary)
    {
        C.vpandd(Z[temporary], Z[bytes], Z[mask]);
        C.vpdpbusd(Z[to], Z[temporary], Z[quants]);
    }
}
