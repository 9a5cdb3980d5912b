using System.Globalization;

namespace Bank.Load;

/// <summary>
/// Makes transfers from a seed. The shipped file is what it makes for 100 accounts; another <c>--accounts</c> gets a file of its own.
/// </summary>
internal static class TransferGenerator
{
    public const int ShippedCount = 6_000;
    private const uint Seed = 20_260_401;

    /// <summary>Every account pays and is paid equally often, in a shuffled order, so that no group is without traffic for long.</summary>
    public static IEnumerable<Transfer> Make(int count, int accounts)
    {
        var random = new Sequence(Seed);
        int[] payers = [.. Enumerable.Range(1, accounts)];
        for (var made = 0; made < count; made++)
        {
            var at = made % accounts;
            if (at == 0) Shuffle(payers, random);
            var payer = payers[at];
            var distance = 1 + random.Below(accounts - 1);
            var payee = (payer - 1 + distance) % accounts + 1;
            var cents = 1 + random.Below(50_000);
            yield return new Transfer(Text(made + 1), Text(payer), Text(payee), cents / 100m);
        }
    }

    private static void Shuffle(int[] items, Sequence random)
    {
        for (var at = items.Length - 1; at > 0; at--)
        {
            var other = random.Below(at + 1);
            (items[at], items[other]) = (items[other], items[at]);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>xorshift: <see cref="Random"/> may change what a seed gives from one .NET to the next, and the shipped file must stay what this makes.</summary>
    private sealed class Sequence(uint state)
    {
        private uint _state = state;

        public int Below(int limit)
        {
            _state ^= _state << 13;
            _state ^= _state >> 17;
            _state ^= _state << 5;
            return (int)(_state % (uint)limit);
        }
    }
}
