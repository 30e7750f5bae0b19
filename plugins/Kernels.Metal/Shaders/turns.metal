// A head's turn: 2 · pairs cosines, then as many sines, laid out as the head's elements are.

inline float turned(device const float * head, uint e, device const float * turn, uint pairs, uint offset, bool interleaved)
{
    const float v = head[e];
    if (e < offset || e >= offset + 2 * pairs) return v;
    const uint i = e - offset, other = interleaved ? (i ^ 1) : (i < pairs ? i + pairs : i - pairs);
    return v * turn[i] + head[offset + other] * turn[2 * pairs + i];
}
