namespace Tessera.Kernels.Cpu.Tiles.Simd;

/// <summary>Registers of one width; a type argument, so that one text of a kernel serves every width and the calls vanish. In a tile a lane is an activation row.</summary>
/// <typeparam name="TInt">A vector of int, which also holds four bytes or two shorts in each lane.</typeparam>
/// <typeparam name="TFloat">A vector of as many floats.</typeparam>
internal unsafe interface ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    /// <summary>The instruction set, as the option <c>isa</c> spells it.</summary>
    static abstract string Name { get; }

    /// <summary>The number of lanes.</summary>
    static abstract int Width { get; }

    /// <summary>Reads a vector.</summary>
    static abstract TInt Load(byte* address);

    /// <summary>Four bytes in every lane.</summary>
    static abstract TInt Broadcast(byte* address);

    /// <summary>Products of unsigned with signed bytes, neighbours added to shorts.</summary>
    static abstract TInt ByteDot(TInt unsigned, TInt signed);

    /// <summary>Products of shorts, neighbours added.</summary>
    static abstract TInt ShortDot(TInt a, TInt b);

    /// <summary>Sums of shorts.</summary>
    static abstract TInt AddShorts(TInt a, TInt b);

    /// <summary>Sums.</summary>
    static abstract TInt Add(TInt a, TInt b);

    /// <summary>Times 2^bits.</summary>
    static abstract TInt ShiftLeft(TInt a, int bits);

    /// <summary>Two bytes in each half of every lane.</summary>
    static abstract TInt BroadcastPair(sbyte* address);

    /// <summary>The low four bits of each byte.</summary>
    static abstract TInt LowNibbles(TInt a);

    /// <summary>The high four bits of each byte.</summary>
    static abstract TInt HighNibbles(TInt a);

    /// <summary>Bytes of the one and the other in turn, of the first half of each 128 bits.</summary>
    static abstract TInt UnpackLowBytes(TInt a, TInt b);

    /// <summary>Bytes of the one and the other in turn, of the second half of each 128 bits.</summary>
    static abstract TInt UnpackHighBytes(TInt a, TInt b);

    /// <summary>Shorts of the one and the other in turn, of the first half of each 128 bits.</summary>
    static abstract TInt UnpackLowShorts(TInt a, TInt b);

    /// <summary>Shorts of the one and the other in turn, of the second half of each 128 bits.</summary>
    static abstract TInt UnpackHighShorts(TInt a, TInt b);

    /// <summary>Ints of the one and the other in turn, of the first half of each 128 bits.</summary>
    static abstract TInt UnpackLowInts(TInt a, TInt b);

    /// <summary>Ints of the one and the other in turn, of the second half of each 128 bits.</summary>
    static abstract TInt UnpackHighInts(TInt a, TInt b);

    /// <summary>Of each 128 bits the first 64 of the one, then of the other.</summary>
    static abstract TInt UnpackLowLongs(TInt a, TInt b);

    /// <summary>Of each 128 bits the second 64 of the one, then of the other.</summary>
    static abstract TInt UnpackHighLongs(TInt a, TInt b);

    /// <summary>The bytes of each 128 bits, which are four rows of four, by columns.</summary>
    static abstract TInt TurnBytes(TInt a);

    /// <summary>Puts the low nibbles of both into the bytes of the first, the high ones into those of the second; the second's are above the first's.</summary>
    static abstract void JoinNibbles(ref TInt a, ref TInt b);

    /// <summary>The sums of both shorts of each lane.</summary>
    static abstract TInt AddPairs(TInt a);

    /// <summary>Writes a vector.</summary>
    static abstract void Store(TInt a, byte* address);

    /// <summary>A signed byte for each lane.</summary>
    static abstract TInt LoadBytes(sbyte* address);

    /// <summary>The same bits.</summary>
    static abstract TFloat AsFloat(TInt a);

    /// <summary>Rounded to floats.</summary>
    static abstract TFloat ToFloat(TInt a);

    /// <summary>Reads a vector.</summary>
    static abstract TFloat Load(float* address);

    /// <summary>A float in every lane.</summary>
    static abstract TFloat Broadcast(float* address);

    /// <summary>Sums.</summary>
    static abstract TFloat Add(TFloat a, TFloat b);

    /// <summary>Products.</summary>
    static abstract TFloat Multiply(TFloat a, TFloat b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TFloat MultiplyAdd(TFloat a, TFloat b, TFloat c);

    /// <summary>c − a · b, rounded once.</summary>
    static abstract TFloat MultiplySubtract(TFloat a, TFloat b, TFloat c);

    /// <summary>Writes a vector.</summary>
    static abstract void Store(TFloat a, float* address);

    /// <summary>Differences.</summary>
    static abstract TFloat Subtract(TFloat a, TFloat b);

    /// <summary>The larger of each lane; the second where one is not a number.</summary>
    static abstract TFloat Larger(TFloat a, TFloat b);

    /// <summary><see cref="Ops.FastExp"/>'s e^a.</summary>
    static abstract TFloat Exp(TFloat a);

    /// <summary>All ones in the lanes with from ≤ number &lt; end.</summary>
    static abstract TInt Within(TInt from, TInt end, int number);

    /// <summary>Of the first where the mask has ones, else of the second.</summary>
    static abstract TFloat Select(TInt mask, TFloat a, TFloat b);
}
