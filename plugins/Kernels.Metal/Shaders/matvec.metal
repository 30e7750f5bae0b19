// y = W · x for up to NC rows of activations: each simdgroup makes ROWS outputs of each. An output's sum does not depend on how many rows there are.
// at.z is a head: heads of columns have matrices of their own, one behind the other, which make heads of outputs.

inline void finish(float sum, uint row, uint biasRow, ulong output, device const float * bias, device const float * residual, device float * y, constant ProductArguments & args)
{
    if (args.hasBias) sum += bias[biasRow];
    sum *= args.factor;
    if (args.hasResidual) sum += residual[output * args.outputStride + row];
    y[output * args.outputStride + row] = cap_of(sum, args.cap);
}

#define MATVEC(NAME, NC) \
kernel void NAME(weights_t w [[buffer(0)]], device const float * x [[buffer(1)]], device const float * bias [[buffer(2)]], device const float * residual [[buffer(3)]], device float * y [[buffer(4)]], \
    constant ProductArguments & args [[buffer(5)]], uint3 at [[threadgroup_position_in_grid]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]], ushort simdgroups [[simdgroups_per_threadgroup]]) \
{ \
    const uint row = (at.x * simdgroups + sg) * ROWS, input = at.y * NC; \
    if (row >= args.rows) return; \
    const uint rows = min(args.rows - row, (uint)ROWS), inputs = min(args.inputs - input, (uint)NC); \
    Sums<NC> sums; \
    for (short r = 0; r < ROWS; ++r) for (short c = 0; c < NC; ++c) sums.v[r][c] = 0.0f; \
    accumulate<NC>(w, (ulong)at.z * args.rows + row, rows, args.columns, x + (ulong)input * args.inputStride + at.z * args.columns, args.inputStride, inputs, lane, sums); \
    for (short r = 0; r < ROWS; ++r) for (short c = 0; c < NC; ++c) { \
        const float sum = simd_sum(sums.v[r][c]); \
        if (lane == 0 && (uint)r < rows && (uint)c < inputs) finish(sum, row + r, row + r, input + c, bias, residual, y + at.z * args.rows, args); \
    } \
}

MATVEC(matvec_1, 1)
MATVEC(matvec_2, 2)
MATVEC(matvec_4, 4)
MATVEC(matvec_8, 8)

// The same with the matrix of the expert that a row chose: args.used experts for each row; the input is the row's, or, with args.inputs above 1, each expert's own.
kernel void matvec_experts(weights_t w [[buffer(0)]], device const float * x [[buffer(1)]], device const float * bias [[buffer(2)]], device const int * chosen [[buffer(3)]], device float * y [[buffer(4)]],
    constant ProductArguments & args [[buffer(5)]], uint2 at [[threadgroup_position_in_grid]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]], ushort simdgroups [[simdgroups_per_threadgroup]])
{
    const uint row = (at.x * simdgroups + sg) * ROWS;
    if (row >= args.rows) return;
    const uint rows = min(args.rows - row, (uint)ROWS), first = (uint)chosen[at.y] * args.rows;
    const uint input = args.inputs > 1 ? at.y : at.y / args.used;
    Sums<1> sums;
    for (short r = 0; r < ROWS; ++r) sums.v[r][0] = 0.0f;
    accumulate<1>(w, (ulong)first + row, rows, args.columns, x + (ulong)input * args.inputStride, args.inputStride, 1, lane, sums);
    for (short r = 0; r < ROWS; ++r) {
        const float sum = simd_sum(sums.v[r][0]);
        if (lane == 0 && (uint)r < rows) finish(sum, row + r, first + row + r, at.y, bias, x, y, args);
    }
}
