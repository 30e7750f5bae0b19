// An element of a head's result: the sum of values over the sum of weights, with the head's sink among them where it has one. m is the weights' common exponent.

inline void put(device float * y, float v, float m, float l, constant AttentionArguments & args, device const float * sinks, uint head, uint e)
{
    if (args.hasSinks) {
        const float top = max(m, sinks[head]);
        v *= exp(m - top);
        l = l * exp(m - top) + exp(sinks[head] - top);
    }
    y[e] = v / l;
}
