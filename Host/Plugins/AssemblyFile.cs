using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Tessera.Host.Plugins;

/// <summary>What an assembly's metadata says, read from the file without loading it.</summary>
/// <param name="Name">The simple name.</param>
/// <param name="Contract">The argument of <see cref="PluginContractAttribute"/>, or null where it has none.</param>
internal sealed record AssemblyFile(string Name, string? Contract)
{
    /// <summary>Reads a file; null when it is a native library.</summary>
    /// <exception cref="BadImageFormatException">It is neither.</exception>
    public static AssemblyFile? Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using PEReader image = new(stream);
        if (!image.HasMetadata)
            return null;
        MetadataReader metadata = image.GetMetadataReader();
        if (!metadata.IsAssembly)
            return null;
        AssemblyDefinition assembly = metadata.GetAssemblyDefinition();
        string? contract = null;
        foreach (CustomAttributeHandle handle in assembly.GetCustomAttributes())
        {
            CustomAttribute attribute = metadata.GetCustomAttribute(handle);
            if (TypeName(metadata, attribute) == typeof(PluginContractAttribute).FullName)
                contract = Argument(metadata, attribute);
        }
        return new(metadata.GetString(assembly.Name), contract);
    }

    private static string? TypeName(MetadataReader metadata, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
            return null;
        EntityHandle parent = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        if (parent.Kind != HandleKind.TypeReference)
            return null;
        TypeReference type = metadata.GetTypeReference((TypeReferenceHandle)parent);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    /// <summary>The one string argument (ECMA-335 II.23.3: prolog 0x0001, then a length-prefixed string).</summary>
    private static string? Argument(MetadataReader metadata, CustomAttribute attribute)
    {
        BlobReader value = metadata.GetBlobReader(attribute.Value);
        return value.Length >= 3 && value.ReadUInt16() == 1 ? value.ReadSerializedString() : null;
    }
}
