using SharpMetal.Foundation;
using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>The device is gone, or may not be used any more.</summary>
internal sealed class DeviceLostException(string message) : TesseraException(message);

/// <summary>The device has too little memory.</summary>
internal sealed class DeviceMemoryException(string message) : TesseraException(message);

/// <summary>Metal's compiler has refused a kernel.</summary>
internal sealed class KernelCompileException(string message) : TesseraException(message);

/// <summary>A step failed on the device.</summary>
internal sealed class DeviceFaultException(string message) : TesseraException(message);

/// <summary>Errors of command buffers as exceptions.</summary>
internal static class MetalErrors
{
    /// <summary>Throws what a finished command buffer failed with, if it did.</summary>
    public static void Require(MTLCommandBuffer commands)
    {
        if (commands.Status == MTLCommandBufferStatus.Completed)
            return;
        NSError error = commands.Error;
        string text = error.NativePtr == 0 ? $"status {commands.Status}" : error.LocalizedDescription.ToString() ?? "no description";
        throw Exception(error.NativePtr == 0 ? MTLCommandBufferError.Internal : (MTLCommandBufferError)(ulong)error.Code, text);
    }

    /// <summary>The exception for an error number.</summary>
    public static TesseraException Exception(MTLCommandBufferError error, string text) => error switch
    {
        MTLCommandBufferError.OutOfMemory => new DeviceMemoryException($"metal: out of memory: {text}"),
        MTLCommandBufferError.DeviceRemoved or MTLCommandBufferError.AccessRevoked or MTLCommandBufferError.NotPermitted => new DeviceLostException($"metal: the device is lost: {text}"),
        _ => new DeviceFaultException($"metal: a step failed on the device ({error}): {text}"),
    };
}
