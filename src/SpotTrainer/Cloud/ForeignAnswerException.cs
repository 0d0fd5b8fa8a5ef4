using System.Net;
using Amazon.Runtime;

namespace SpotTrainer.Cloud;

/// <summary>
/// An answer that is not AWS's own: a proxy, or a network's sign-in page, has answered in its place. It says nothing about what AWS has,
/// or did.
/// </summary>
internal sealed class ForeignAnswerException : AmazonServiceException
{
    /// <summary>Creates an exception.</summary>
    /// <param name="status">The HTTP status of the answer.</param>
    public ForeignAnswerException(HttpStatusCode status)
        : base("The answer does not have AWS's form.") => StatusCode = status;
}
