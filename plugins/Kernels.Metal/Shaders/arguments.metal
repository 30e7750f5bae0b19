// The argument structs; Arguments.cs has the same ones, and a test compares sizes and offsets.

struct EmbedArguments { uint width; uint offset; float factor; };

struct NormArguments { uint length; uint groups; uint sharesWeight; uint hasBias; float epsilon; };

struct ProductArguments { uint rows; uint columns; uint inputs; uint inputStride; uint outputStride; uint hasBias; uint hasResidual; uint used; float factor; float cap; };

struct ElementArguments { uint width; uint inputWidth; uint groups; uint offset; float factor; };

struct GateArguments { uint width; uint gateStride; uint upStride; uint step; uint upOffset; uint activation; uint hasUp; float limit; };

struct PrepareArguments { uint heads; uint keyHeads; uint keyLength; uint valueLength; uint pairs; uint offset; uint isInterleaved; uint keyPairs; uint keyOffset; uint keyIsInterleaved; uint blockTokens; uint tableLength; ulong blockStride; ulong keyStart; ulong valueStart; };

struct AttentionArguments { uint heads; uint keyHeads; uint blockTokens; uint tableLength; uint window; uint partitionTokens; uint partitions; uint hasSinks; float scale; float cap; ulong blockStride; ulong keyStart; ulong valueStart; };

struct CopyArguments { uint count; ulong blockStride; };

struct ChoiceArguments { uint experts; uint used; uint scoring; uint normalizes; uint groups; uint groupsUsed; uint groupScoring; uint hasBias; float scale; };

struct TopArguments { uint width; uint count; uint parts; };
