Console.Error.WriteLine("tessera: no command");
return 2;
