// For each sequence that wants a vector the mean of its rows, or the first or the last of them. spans are pairs: a sequence's first row and the one behind its last; args.offset is the contract's number of the kind. One thread for each element.

kernel void pool(device const float * x [[buffer(0)]], device const int * spans [[buffer(1)]], device float * y [[buffer(2)]], constant ElementArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    uint first = (uint)spans[2 * at.y], end = (uint)spans[2 * at.y + 1];
    if (args.offset == POOL_FIRST) end = first + 1;
    if (args.offset == POOL_LAST) first = end - 1;
    float sum = 0.0f;
    for (uint row = first; row < end; ++row) sum += x[(ulong)row * args.width + at.x];
    y[(ulong)at.y * args.width + at.x] = sum / (float)(end - first);
}
