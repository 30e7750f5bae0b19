#define WEIGHT_T half
inline float weight_of(half x) { return (float)x; }
