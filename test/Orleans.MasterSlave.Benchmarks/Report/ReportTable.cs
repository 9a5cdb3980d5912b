using System.Text;
using Spectre.Console;

namespace Orleans.MasterSlave.Benchmarks.Report;

/// <summary>A table, for the screen and for Markdown. The first column holds words, the others figures or words as they come.</summary>
internal sealed class ReportTable(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(params string[] cells) => _rows.Add(cells);

    public Table ToScreen()
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded };
        foreach (var column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)) { NoWrap = true, Alignment = AlignmentOf(column) });
        foreach (var row in _rows) table.AddRow([.. row.Select(Markup.Escape)]);
        return table;
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder().AppendLine($"### {title}").AppendLine().AppendLine(Line(columns));
        text.AppendLine(Line(columns.Select(c => AlignmentOf(c) == Justify.Right ? "---:" : "---")));
        foreach (var row in _rows) text.AppendLine(Line(row));
        return text.ToString();
    }

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    private Justify AlignmentOf(string column) => Array.IndexOf(columns, column) < 2 ? Justify.Left : Justify.Right;
}
