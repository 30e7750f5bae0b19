using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows of Q6_K: nibbles 128 · top bits 64 · signed scales of 16 columns 16 · scale 2. Each half of 128 columns has 64 bytes of nibbles and 32 of top bits, two for each of four columns 32 apart.</summary>
internal sealed class Q6RowCode : SuperRowCode
{
    private const int Top = 128, Scales = 192, Scale = 208, ZeroShift = 5;

    // Vectors that stay.
    private const int Nibble = 21, TwoBits = 22, Left = 23, Right = 24, Pick = 25;

    protected override int BlockBytes => 210;

    protected override bool HasMinimums => false;

    protected override void Prepare()
    {
        C.mov(eax, 0x55555555);
        C.kmovd(k1, eax);
        C.vmovdqu32(Z[Nibble], Constant(_ => 15));
        C.vmovdqu32(Z[TwoBits], Constant(_ => 0x30));
        C.vmovdqu32(Z[Left], Constant(i => (byte)(i % 4 > 0 ? 0 : i < 32 ? 4 : 2)));
        C.vmovdqu32(Z[Right], Constant(i => (byte)(i % 4 > 0 ? 0 : i < 32 ? 0 : 2)));
        for (int quarter = 0; quarter < 4; quarter++)
        {
            int first = 4 * quarter;
            C.vmovdqu32(Z[Pick + quarter], Constant(i => (byte)(i % 4 == 0 ? first + i / 16 : 0)));
        }
    }

    protected override void Heads(int blocks)
    {
        C.vpxor(X[6], X[6], X[6]);
        for (int block = 0; block < blocks; block++)
            C.vpinsrw(X[6], X[6], __word_ptr[r11 + block * BlockBytes + Scale], (byte)block);
        C.vcvtph2ps(X[6], X[6]);
    }

    protected override void Block(int block)
    {
        int start = block * BlockBytes;
        C.vpmovsxbw(ymm15, __xmmword_ptr[r11 + start + Scales]);
        // What all weights are too large by: −32 · scale times the sums of 16.
        C.vpsllw(ymm5, ymm15, ZeroShift);
        C.vpxor(X[1], X[1], X[1]);
        C.vpsubw(ymm1, ymm1, ymm5);
        C.vpmaddwd(Y[Integers + block], ymm1, __[r13 + block * BlockColumns / 8]);
        for (int half = 0; half < 2; half++)
        {
            C.vmovdqu32(Z[3], __zmmword_ptr[r11 + start + 64 * half]);
            C.vbroadcasti64x4(Z[1], __ymmword_ptr[r11 + start + Top + 32 * half]);
            C.vpandd(Z[2], Z[3], Z[Nibble]);
            C.vprolvd(Z[5], Z[1], Z[Left]);
            C.vpternlogd(Z[2], Z[5], Z[TwoBits], Or);
            C.vpermw(Z[13].k1.z, Z[Pick + 2 * half], Z[15]);
            Add(block, 128 * half, Z[2], Z[13], isFirst: false);
            C.vpsrlw(Z[2], Z[3], 4);
            C.vpandd(Z[2], Z[2], Z[Nibble]);
            C.vprorvd(Z[5], Z[1], Z[Right]);
            C.vpternlogd(Z[2], Z[5], Z[TwoBits], Or);
            C.vpermw(Z[13].k1.z, Z[Pick + 2 * half + 1], Z[15]);
            Add(block, 128 * half + 64, Z[2], Z[13], isFirst: false);
        }
    }
}
