// Nonlinearities, alone or as the gate of another value. The numbers of the activations are the contract's.

inline float gated(float gate, float up, uint activation, float limit)
{
    switch (activation) {
        case 0: return gate / (1.0f + exp(-gate)) * up;
        case 1: return gate * 0.5f * erfc_of(gate * -0.70710678118654752f) * up;
        case 2: return 0.5f * gate * (1.0f + tanh_of(0.79788456080286536f * (gate + 0.044715f * gate * gate * gate))) * up;
        case 3: {
            const float g = min(gate, limit), u = clamp(up, -limit, limit);
            return g / (1.0f + exp(-1.702f * g)) * (u + 1.0f);
        }
        case 4: return tanh_of(gate) * up;
        default: return max(gate, 0.0f) * up;
    }
}

kernel void gate(device const float * gates [[buffer(0)]], device const float * ups [[buffer(1)]], device float * y [[buffer(2)]], constant GateArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    const float g = gates[(ulong)at.y * args.gateStride + at.x * args.step];
    const float u = args.hasUp ? ups[(ulong)at.y * args.upStride + args.upOffset + at.x * args.step] : 1.0f;
    y[(ulong)at.y * args.width + at.x] = gated(g, u, args.activation, args.limit);
}
