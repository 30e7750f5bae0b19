// Heads that are rotated and stored, for readers other than attention. One thread for each element.

kernel void rope(device const float * x [[buffer(0)]], device const float * turns [[buffer(1)]], device float * y [[buffer(2)]], constant PrepareArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    const uint width = args.heads * args.keyLength;
    if (at.x >= width) return;
    const ulong row = (ulong)at.y * width;
    y[row + at.x] = turned(x + row + at.x / args.keyLength * args.keyLength, at.x % args.keyLength, turns + (ulong)at.y * 4 * args.pairs, args.pairs, args.offset, args.isInterleaved != 0);
}
