using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.MasterSlave;

namespace Orleans.Hosting;

/// <summary>
/// Options as a section of the configuration gives them. A key that is no option is an error: a mistyped one would leave the default in force, unnoticed.
/// </summary>
internal sealed class ConfiguredOptions<TOptions>(IConfiguration section, string path) : IConfigureOptions<TOptions>
    where TOptions : class
{
    public void Configure(TOptions options)
    {
        RefuseDays();
        try
        {
            section.GetSection(path).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new MasterSlaveConfigurationException($"The configuration section '{path}' does not fit {typeof(TOptions).Name}: {Reason(e)}");
        }
    }

    /// <summary>A duration that is a mere number counts days: whoever writes one means something else, and most limits would take it.</summary>
    private void RefuseDays()
    {
        foreach (var option in typeof(TOptions).GetProperties().Where(p => (Nullable.GetUnderlyingType(p.PropertyType) ?? p.PropertyType) == typeof(TimeSpan)))
        {
            var value = section.GetSection(path)[option.Name];
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) continue;
            throw new MasterSlaveConfigurationException(
                $"The configuration section '{path}' does not fit {typeof(TOptions).Name}: {option.Name} is '{value}', which would be days. Write it as 'hours:minutes:seconds', such as '00:00:01.5'.");
        }
    }

    /// <summary>What a value does not fit is said by the innermost.</summary>
    private static string Reason(Exception error) => error.InnerException is { } inner ? $"{error.Message} {Reason(inner)}" : error.Message;
}
