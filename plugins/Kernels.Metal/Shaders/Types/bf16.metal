#define WEIGHT_T ushort
inline float weight_of(ushort x) { return bf16(x); }
