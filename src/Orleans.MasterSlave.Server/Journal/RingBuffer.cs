namespace Orleans.MasterSlave.Journal;

/// <summary>A list that is cheap at both ends, and gives memory back when it has become small. Not thread safe.</summary>
internal sealed class RingBuffer<T>
{
    private const int Smallest = 4;
    private T[] _items = [];
    private int _head;

    public int Count { get; private set; }

    public T this[int index]
    {
        get => _items[At(index)];
        set => _items[At(index)] = value;
    }

    public void AddLast(T item)
    {
        if (Count == _items.Length) Resize(Math.Max(Smallest, Count * 2));
        Count++;
        _items[At(Count - 1)] = item;
    }

    public void RemoveFirst(int count)
    {
        for (var i = 0; i < count; i++) _items[At(i)] = default!;
        _head = Count == count ? 0 : At(count);
        Count -= count;
        Shrink();
    }

    public void RemoveLast(int count)
    {
        for (var i = 1; i <= count; i++) _items[At(Count - i)] = default!;
        Count -= count;
        Shrink();
    }

    public void Clear() => RemoveFirst(Count);

    /// <summary>The last item for which a condition holds that holds for every item before it, too; -1: for none.</summary>
    public int LastWhere<TArgument>(TArgument argument, Func<T, TArgument, bool> holds)
    {
        var (low, high) = (-1, Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (holds(_items[At(middle)], argument)) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private void Shrink()
    {
        if (_items.Length > Smallest && Count <= _items.Length / 4) Resize(Count * 2);
    }

    private void Resize(int length)
    {
        var items = length == 0 ? [] : new T[length];
        for (var i = 0; i < Count; i++) items[i] = _items[At(i)];
        (_items, _head) = (items, 0);
    }

    private int At(int index)
    {
        var at = _head + index;
        return at < _items.Length ? at : at - _items.Length;
    }
}
