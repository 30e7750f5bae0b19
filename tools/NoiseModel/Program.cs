// Writes a tiny Llama GGUF with random weights, so that the first command works with nothing downloaded.
// usage: NoiseModel OUT.gguf
using Tessera.NoiseModel;

if (args is not [string path])
{
    Console.Error.WriteLine("usage: NoiseModel OUT.gguf");
    return 2;
}
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
// Written beside and renamed: a build that is stopped leaves no half file.
string part = path + ".part";
using (FileStream file = File.Create(part))
    Noise.Write(file);
File.Move(part, path, overwrite: true);
return 0;
