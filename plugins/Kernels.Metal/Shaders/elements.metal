// Sums, factors, parts of rows, rows by number. One thread for each element.

kernel void add(device const float * a [[buffer(0)]], device const float * b [[buffer(1)]], device float * y [[buffer(2)]], constant ElementArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    const ulong i = (ulong)at.y * args.width + at.x;
    y[i] = a[i] + b[i];
}

kernel void scale(device const float * x [[buffer(0)]], device float * y [[buffer(1)]], constant ElementArguments & args [[buffer(2)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    const ulong i = (ulong)at.y * args.width + at.x;
    y[i] = x[i] * args.factor;
}

// The same columns of each group.
kernel void slice(device const float * x [[buffer(0)]], device float * y [[buffer(1)]], constant ElementArguments & args [[buffer(2)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    const uint part = args.width / args.groups, whole = args.inputWidth / args.groups;
    y[(ulong)at.y * args.width + at.x] = x[(ulong)at.y * args.inputWidth + (at.x / part) * whole + args.offset + at.x % part];
}

// For each group its part of a and then its part of b, or, where args.offset is not 0, all of b.
kernel void concat(device const float * a [[buffer(0)]], device const float * b [[buffer(1)]], device float * y [[buffer(2)]], constant ElementArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    const uint whole = args.width / args.groups, left = args.inputWidth / args.groups, right = whole - left, g = at.x / whole, e = at.x % whole;
    const ulong row = at.y;
    float v;
    if (e < left) v = a[row * args.inputWidth + g * left + e];
    else if (args.offset != 0) v = b[row * right + e - left];
    else v = b[row * right * args.groups + g * right + e - left];
    y[row * args.width + at.x] = v;
}

kernel void gather(device const float * x [[buffer(0)]], device const int * numbers [[buffer(1)]], device float * y [[buffer(2)]], constant ElementArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    y[(ulong)at.y * args.width + at.x] = x[(ulong)numbers[at.y] * args.width + at.x];
}
