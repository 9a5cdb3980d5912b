Console.WriteLine("Bank");
