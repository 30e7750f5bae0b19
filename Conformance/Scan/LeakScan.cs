using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Tessera.Conformance.Scan;

/// <summary>Looks in an assembly's metadata and code, without loading it, for what keeps plugins from being unloaded. It sees calls; it does not see what reflection does.</summary>
public static class LeakScan
{
    private const string Module = "<Module>";

    /// <summary>Scans an assembly.</summary>
    /// <param name="path">The file; a native library has no findings.</param>
    /// <param name="own">Whether it is the plugin's own. In the libraries that it uses every finding is a warning: that such a call is there does not say that it is made.</param>
    /// <returns>One finding for each use, in the order of the assembly's methods.</returns>
    /// <exception cref="BadImageFormatException">The file is no library.</exception>
    public static IReadOnlyList<ScanFinding> Scan(string path, bool own)
    {
        using FileStream stream = File.OpenRead(path);
        using PEReader image = new(stream);
        if (!image.HasMetadata)
            return [];
        MetadataReader metadata = image.GetMetadataReader();
        List<ScanFinding> findings = [];
        HashSet<(string, string)> seen = [];
        foreach (TypeDefinitionHandle typeHandle in metadata.TypeDefinitions)
        {
            string type = TypeNames.Of(metadata, typeHandle);
            foreach (MethodDefinitionHandle methodHandle in metadata.GetTypeDefinition(typeHandle).GetMethods())
            {
                MethodDefinition method = metadata.GetMethodDefinition(methodHandle);
                string name = metadata.GetString(method.Name);
                if (own && type == Module && name == ".cctor")
                    findings.Add(new("module-initializer", FindingLevel.Error, "a module initializer", "It runs at a time that nobody chooses: do its work in IPlugin.Configure"));
                if (method.RelativeVirtualAddress == 0)
                    continue;
                foreach (EntityHandle used in IlReader.Methods(image.GetMethodBody(method.RelativeVirtualAddress).GetILReader()))
                    if (Read(metadata, used) is { } use && LeakRules.Of(use) is { } rule && seen.Add(($"{type}.{name}", $"{use}")))
                        findings.Add(new(rule.Id, own ? rule.Level : FindingLevel.Warning, $"{type}.{name} uses {use}", rule.Advice));
            }
        }
        return findings;
    }

    /// <summary>The member of another assembly behind a token, or null.</summary>
    private static MemberUse? Read(MetadataReader metadata, EntityHandle handle)
    {
        if (handle.Kind == HandleKind.MethodSpecification)
            handle = metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method;
        if (handle.Kind != HandleKind.MemberReference)
            return null;
        MemberReference member = metadata.GetMemberReference((MemberReferenceHandle)handle);
        if (member.GetKind() != MemberReferenceKind.Method)
            return null;
        string type;
        string[] arguments = [];
        switch (member.Parent.Kind)
        {
            case HandleKind.TypeReference:
                type = TypeNames.Of(metadata, (TypeReferenceHandle)member.Parent);
                break;
            case HandleKind.TypeSpecification:
                string whole = metadata.GetTypeSpecification((TypeSpecificationHandle)member.Parent).DecodeSignature(TypeNames.Instance, null);
                int open = whole.IndexOf('<', StringComparison.Ordinal);
                (type, arguments) = open < 0 ? (whole, []) : (whole[..open], whole[(open + 1)..^1].Split(','));
                break;
            default:
                return null;
        }
        MethodSignature<string> signature = member.DecodeMethodSignature(TypeNames.Instance, null);
        return new(type, arguments, metadata.GetString(member.Name), !signature.Header.IsInstance, signature.ParameterTypes);
    }
}
