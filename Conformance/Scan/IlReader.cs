using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Tessera.Conformance.Scan;

/// <summary>Walks a method's instructions (ECMA-335 III) for the methods that they name.</summary>
internal static class IlReader
{
    private const int TwoByteLead = 0xFE;
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => (int)(ushort)c.Value, c => c.OperandType);

    /// <summary>The method tokens of calls, constructions and function pointers.</summary>
    /// <exception cref="BadImageFormatException">The code is none.</exception>
    public static List<EntityHandle> Methods(BlobReader code)
    {
        List<EntityHandle> methods = [];
        while (code.RemainingBytes > 0)
        {
            int opcode = code.ReadByte();
            if (opcode == TwoByteLead)
                opcode = opcode << 8 | code.ReadByte();
            if (!Operands.TryGetValue(opcode, out OperandType operand))
                throw new BadImageFormatException($"unknown instruction 0x{opcode:x}");
            switch (operand)
            {
                case OperandType.InlineMethod:
                    methods.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineTok:
                    if (MetadataTokens.EntityHandle(code.ReadInt32()) is { Kind: HandleKind.MemberReference or HandleKind.MethodSpecification } member)
                        methods.Add(member);
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.ReadByte();
                    break;
                case OperandType.InlineVar:
                    code.ReadInt16();
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.ReadInt64();
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += checked(4 * targets);
                    break;
                default:
                    code.ReadInt32();
                    break;
            }
        }
        return methods;
    }
}
