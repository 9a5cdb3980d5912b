namespace Bank.Load;

/// <summary>One line of the input: <paramref name="Amount"/> from one account to another.</summary>
internal sealed record Transfer(string Id, string From, string To, decimal Amount);
