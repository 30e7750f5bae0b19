#define WEIGHT_T float
inline float weight_of(float x) { return x; }
