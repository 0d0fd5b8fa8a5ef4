using SpotTrainer.Pipeline;

namespace SpotTrainer.Conda;

/// <summary>Completes packages that training often needs, by their names on conda-forge.</summary>
public sealed class PackageCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
    [
        "catboost", "dask", "hdbscan", "imbalanced-learn", "ipykernel", "ipywidgets", "jupyterlab", "lightgbm", "matplotlib", "nbclient",
        "notebook", "numba", "numpy", "opencv", "optuna", "pandas", "pillow", "plotly", "polars", "pyarrow", "python", "pytorch",
        "scikit-image", "scikit-learn", "scipy", "seaborn", "shap", "statsmodels", "tensorflow", "torchvision", "tqdm", "transformers",
        "umap-learn", "xgboost",
    ];
}
